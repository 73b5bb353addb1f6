//! A site on its own loopback port that records requests and its answers.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, header::CONTENT_TYPE};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::wire::{Answer, send};

/// The site runs as long as the test's runtime.
#[derive(Clone)]
pub(crate) struct Site {
    /// `http://ADDRESS:PORT`, as browsers write it.
    pub(crate) origin: String,
    content: Content,
    exchanges: Arc<Mutex<Vec<Exchange>>>,
}

/// The kind of a site's answers.
#[derive(Clone)]
enum Content {
    /// The page that is an OAuth client.
    Page,
    /// The answers of the server at this address.
    Server(String),
}

/// A request, and the answer to it.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) answer: Answer,
}

impl Exchange {
    /// A header of the request.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Whether a script of another origin sent the request, or the browser for the script.
    pub(crate) fn is_of_script(&self) -> bool {
        self.header("sec-fetch-mode") == Some("cors")
    }

    pub(crate) fn is_preflight(&self) -> bool {
        let asks = self.headers.contains_key("access-control-request-method");
        self.method == Method::OPTIONS && asks
    }
}

impl Site {
    /// A site with the page of `tests/clients/page`, which is also its redirect URI.
    pub(crate) async fn with_page() -> Self {
        Self::start(Content::Page).await
    }

    /// A site that forwards everything to the server at `base`. The server sees this site's address
    /// in `Host`, and takes it for its own.
    pub(crate) async fn before(base: &str) -> Self {
        Self::start(Content::Server(base.to_owned())).await
    }

    /// All exchanges so far, in the order of the answers.
    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.exchanges.lock().unwrap().clone()
    }

    async fn start(content: Content) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = Self {
            origin: format!("http://{}", listener.local_addr().unwrap()),
            content,
            exchanges: Arc::default(),
        };
        tokio::spawn(site.clone().serve(listener));
        site
    }

    async fn serve(self, listener: TcpListener) {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let site = self.clone();
            let service = service_fn(move |request| site.clone().answer(request));
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    }

    async fn answer(self, request: Request<Incoming>) -> hyper::Result<Response<Full<Bytes>>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let path = head.uri.path().to_owned();
        let (method, headers) = (head.method.clone(), head.headers.clone());
        let answer = match &self.content {
            Content::Page => file(&path),
            Content::Server(base) => {
                let body = String::from_utf8(body.into()).unwrap();
                let mut request = Request::from_parts(head, body);
                let url = format!("{base}{}", request.uri());
                *request.uri_mut() = url.parse().unwrap();
                send(request).await
            }
        };
        let mut response = Response::new(Full::from(answer.body.clone()));
        *response.status_mut() = answer.status.try_into().unwrap();
        *response.headers_mut() = answer.headers.clone();
        self.exchanges.lock().unwrap().push(Exchange {
            method,
            path,
            headers,
            answer,
        });
        Ok(response)
    }
}

fn file(path: &str) -> Answer {
    let (media_type, text) = match path {
        "/" | "/callback" => ("text/html", include_str!("../clients/page/index.html")),
        "/client.js" => ("text/javascript", include_str!("../clients/page/client.js")),
        "/steps.js" => ("text/javascript", include_str!("../clients/page/steps.js")),
        "/style.css" => ("text/css", include_str!("../clients/page/style.css")),
        _ => panic!("the page asks for {path}"),
    };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, media_type.parse().unwrap());
    Answer {
        status: 200,
        headers,
        body: text.to_owned(),
    }
}
