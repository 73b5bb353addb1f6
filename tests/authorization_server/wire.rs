//! A small HTTP client that opens a connection for each request and follows no redirect.

use bytes::Bytes;
use http::{HeaderMap, Request, Uri, header::HOST};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use url::{Url, form_urlencoded};

/// Names and values, as in a query or form.
pub(crate) type Pairs = Vec<(String, String)>;

pub(crate) fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Pairs {
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    pairs.into_iter().map(owned).collect()
}

/// The pairs, with `value` as the value of `name`.
pub(crate) fn with(mut pairs: Pairs, name: &str, value: &str) -> Pairs {
    pairs = without(pairs, name);
    pairs.push((name.to_owned(), value.to_owned()));
    pairs
}

pub(crate) fn without(mut pairs: Pairs, name: &str) -> Pairs {
    pairs.retain(|(own, _)| own != name);
    pairs
}

pub(crate) fn encoded(pairs: &Pairs) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

#[derive(Clone, Debug)]
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

    /// The member `error` of a JSON answer.
    pub(crate) fn error(&self) -> String {
        let json = self.json();
        json["error"].as_str().unwrap_or_default().to_owned()
    }

    /// The query parameter `name` of the redirect.
    pub(crate) fn redirected_with(&self, name: &str) -> Option<String> {
        let location = Url::parse(self.header("location")?).ok()?;
        let mut found = location.query_pairs().filter(|(own, _)| own == name);
        let value = found.next().map(|(_, value)| value.into_owned());
        assert_eq!(found.next(), None, "duplicate {name}");
        value
    }
}

/// Sends a request to an absolute URL.
pub(crate) async fn send(request: Request<String>) -> Answer {
    let (mut head, body) = request.into_parts();
    let authority = head.uri.authority().unwrap().to_string();
    let stream = TcpStream::connect(&authority).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);

    if !head.headers.contains_key(HOST) {
        head.headers.insert(HOST, authority.parse().unwrap());
    }
    let path = head.uri.path_and_query().unwrap().as_str();
    head.uri = path.parse::<Uri>().unwrap();
    let request = Request::from_parts(head, Full::new(Bytes::from(body)));
    let (head, body) = sender.send_request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

pub(crate) async fn get(url: &str) -> Answer {
    send(Request::get(url).body(String::new()).unwrap()).await
}

pub(crate) async fn post(url: &str, form: &Pairs) -> Answer {
    send(form_request(url, form)).await
}

pub(crate) fn form_request(url: &str, form: &Pairs) -> Request<String> {
    Request::post(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(encoded(form))
        .unwrap()
}
