//! HTTP over connections that are kept.

use std::io;

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The status, and the member `error` of the body.
    pub(crate) fn refusal(&self) -> (u16, String) {
        let error = self.json()["error"].as_str().unwrap_or_default().to_owned();
        (self.status, error)
    }
}

/// One connection to a server, for one request after another.
pub(crate) struct Connection(SendRequest<Full<Bytes>>);

impl Connection {
    /// To the server at `http://ADDRESS:PORT`.
    pub(crate) async fn open(base: &str) -> io::Result<Self> {
        let address = base.strip_prefix("http://").expect("an address");
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let handshake = handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(io::Error::other)?;
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    /// One exchange. It fails unless the answer comes whole.
    pub(crate) async fn send(&mut self, request: Request<String>) -> io::Result<Answer> {
        self.0.ready().await.map_err(io::Error::other)?;
        let request = request.map(|body| Full::new(Bytes::from(body)));
        let response = self.0.send_request(request).await;
        let (head, body) = response.map_err(io::Error::other)?.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        Ok(Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: String::from_utf8(body.to_vec()).map_err(io::Error::other)?,
        })
    }
}
