//! An API on its own port that refuses every request and names its authorization server.

use std::{convert::Infallible, net};

use bytes::Bytes;
use http::{
    Request, Response, StatusCode,
    header::{CONTENT_TYPE, WWW_AUTHENTICATE},
};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    runtime::{self, Runtime},
};

const METADATA_PATH: &str = "/.well-known/oauth-protected-resource/mcp";

/// A protected resource whose address is known before it serves.
pub(crate) struct ProtectedResource {
    listener: net::TcpListener,
    origin: String,
}

impl ProtectedResource {
    /// On a free loopback port.
    pub(crate) fn bind() -> Self {
        let listener = net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        Self { listener, origin }
    }

    /// Its URL, which is the audience of its tokens as well.
    pub(crate) fn identifier(&self) -> String {
        format!("{}/mcp", self.origin)
    }

    /// The settings of a server with this one API, and `client_grants` for it.
    pub(crate) fn settings(&self, client_grants: &Value) -> Value {
        let api = json!({
            "identifier": self.identifier(),
            "scopes": ["read:items"],
            "policy": "require_client_grant",
        });
        json!({ "tenants": [{
            "id": "acme",
            "registration": { "enabled": true },
            "connections": [{ "name": "demonstration", "is_domain_connection": true }],
            "apis": [api],
            "client_grants": client_grants,
        }] })
    }

    /// The grant of `read:items` to every third-party client.
    pub(crate) fn default_permission(&self) -> Value {
        json!({
            "default_for": "third_party_clients",
            "audience": self.identifier(),
            "scope": ["read:items"],
            "subject_type": "user",
        })
    }

    /// Serves until the answer is dropped, as a resource whose tokens come from `issuer`.
    pub(crate) fn serve(self, issuer: &str) -> Serving {
        let metadata = json!({
            "resource": self.identifier(),
            "authorization_servers": [issuer],
            "scopes_supported": ["read:items"],
        });
        let challenge = format!(
            "Bearer resource_metadata=\"{}{METADATA_PATH}\"",
            self.origin
        );
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.spawn(accept(self.listener, metadata.to_string(), challenge));
        Serving(Some(runtime))
    }
}

/// The answer of a resource.
pub(crate) struct Serving(Option<Runtime>);

impl Drop for Serving {
    fn drop(&mut self) {
        // A runtime can not wait for its end inside another runtime.
        self.0.take().unwrap().shutdown_background();
    }
}

async fn accept(listener: net::TcpListener, metadata: String, challenge: String) {
    let listener = TcpListener::from_std(listener).unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        let (metadata, challenge) = (metadata.clone(), challenge.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let response = answer(request.uri().path(), &metadata, &challenge);
            async move { Ok::<_, Infallible>(response) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

fn answer(path: &str, metadata: &str, challenge: &str) -> Response<Full<Bytes>> {
    let response = if path == METADATA_PATH {
        Response::builder()
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(metadata.to_owned()))
    } else {
        Response::builder()
            .status(StatusCode::UNAUTHORIZED)
            .header(WWW_AUTHENTICATE, challenge)
            .body(Full::default())
    };
    response.unwrap()
}
