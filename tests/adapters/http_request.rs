//! Requests, for either version of HTTP.

use bytes::Bytes;
use http::{Request, Version};
use http_body_util::Full;

/// The JSON of a public client.
pub(crate) const PUBLIC: &str =
    r#"{"redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"none"}"#;

/// A request with a complete body.
#[derive(Clone, Debug)]
pub(crate) struct HttpRequest {
    method: &'static str,
    target: &'static str,
    host: &'static str,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl HttpRequest {
    pub(crate) fn to(method: &'static str) -> Self {
        Self {
            method,
            target: "/oidc/register",
            host: "auth.example.com",
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// A registration with this JSON.
    pub(crate) fn post(body: impl Into<String>) -> Self {
        Self {
            body: body.into(),
            ..Self::to("POST").with("content-type", "application/json")
        }
    }

    /// The registration of [`PUBLIC`].
    pub(crate) fn public() -> Self {
        Self::post(PUBLIC)
    }

    pub(crate) fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(own, _)| *own != name);
        self
    }

    pub(crate) fn host(mut self, host: &'static str) -> Self {
        self.host = host;
        self
    }

    pub(crate) fn target(mut self, target: &'static str) -> Self {
        self.target = target;
        self
    }

    /// The head without the fields that give the body's length.
    fn head(&self, version: &str) -> String {
        let Self {
            method,
            target,
            host,
            ..
        } = self;
        let mut head = format!("{method} {target} {version}\r\nhost: {host}\r\n");
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head
    }

    /// The bytes of HTTP/1.1.
    pub(crate) fn http1(&self) -> Vec<u8> {
        self.counted("HTTP/1.1", self.body.len())
    }

    pub(crate) fn http10(&self) -> Vec<u8> {
        self.counted("HTTP/1.0", self.body.len())
    }

    /// HTTP/1.1 that declares this length, whatever the body's real length.
    pub(crate) fn declaring_length(&self, length: usize) -> Vec<u8> {
        self.counted("HTTP/1.1", length)
    }

    /// The same in HTTP/1.0.
    pub(crate) fn declaring_length_http10(&self, length: usize) -> Vec<u8> {
        self.counted("HTTP/1.0", length)
    }

    fn counted(&self, version: &str, length: usize) -> Vec<u8> {
        let mut text = self.head(version);
        if !matches!(
            (self.method, length),
            ("GET" | "HEAD" | "OPTIONS" | "TRACE", 0)
        ) {
            text = format!("{text}content-length: {length}\r\n");
        }
        format!("{text}\r\n{}", self.body).into()
    }

    /// The head of a chunked request, without a body.
    pub(crate) fn chunked_head(&self) -> Vec<u8> {
        format!(
            "{}transfer-encoding: chunked\r\n\r\n",
            self.head("HTTP/1.1")
        )
        .into()
    }

    /// HTTP/1.1 with the body in chunks of this size.
    pub(crate) fn chunked(&self, size: usize) -> Vec<u8> {
        let mut bytes = self.chunked_head();
        for piece in self.body.as_bytes().chunks(size) {
            bytes.extend(chunk(piece));
        }
        bytes.extend(b"0\r\n\r\n");
        bytes
    }

    /// The request of HTTP/2.
    pub(crate) fn http2(&self) -> Request<Full<Bytes>> {
        self.http2_head(Full::new(self.body.clone().into()))
    }

    /// The same request with another body.
    pub(crate) fn http2_head<B>(&self, body: B) -> Request<B> {
        let mut request = Request::builder()
            .version(Version::HTTP_2)
            .method(self.method)
            .uri(format!("http://{}{}", self.host, self.target));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request.body(body).unwrap()
    }
}

/// One chunk of the chunked transfer coding.
pub(crate) fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut framed = format!("{:x}\r\n", bytes.len()).into_bytes();
    framed.extend(bytes);
    framed.extend(b"\r\n");
    framed
}
