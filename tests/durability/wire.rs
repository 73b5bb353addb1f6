//! HTTP over connections that stay open for as long as the server keeps them open.

use std::io;

use bytes::Bytes;
use http::{HeaderMap, Request, header::CONNECTION};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

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

/// One connection to a server for one request after another. After the server has announced the end
/// of the connection, the next request uses a new one; after an unannounced end, the next request
/// fails.
pub(crate) struct Connection {
    address: String,
    sender: SendRequest<Full<Bytes>>,
    is_over: bool,
}

impl Connection {
    /// To the server at `http://ADDRESS:PORT`.
    pub(crate) async fn open(base: &str) -> io::Result<Self> {
        let address = base.strip_prefix("http://").expect("an address");
        Ok(Self {
            address: address.to_owned(),
            sender: connect(address).await?,
            is_over: false,
        })
    }

    /// One exchange. It fails unless the answer arrives completely.
    pub(crate) async fn send(&mut self, request: Request<String>) -> io::Result<Answer> {
        if self.is_over {
            self.sender = connect(&self.address).await?;
            self.is_over = false;
        }
        self.sender.ready().await.map_err(io::Error::other)?;
        let request = request.map(|body| Full::new(Bytes::from(body)));
        let response = self.sender.send_request(request).await;
        let (head, body) = response.map_err(io::Error::other)?.into_parts();
        self.is_over = says_close(&head.headers);
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        Ok(Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: String::from_utf8(body.to_vec()).map_err(io::Error::other)?,
        })
    }
}

async fn connect(address: &str) -> io::Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let handshake = handshake(TokioIo::new(stream)).await;
    let (sender, connection) = handshake.map_err(io::Error::other)?;
    tokio::spawn(connection);
    Ok(sender)
}

/// RFC 9112 section 9.6.
fn says_close(headers: &HeaderMap) -> bool {
    let values = headers.get_all(CONNECTION).into_iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    texts
        .flat_map(|text| text.split(','))
        .any(|option| option.trim().eq_ignore_ascii_case("close"))
}

#[tokio::test]
async fn a_request_after_close_uses_a_new_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        for extra in ["connection: Close\r\n", ""] {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_head(&mut stream).await;
            let answer = format!("HTTP/1.1 200 OK\r\n{extra}content-length: 2\r\n\r\nok");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let request = || Request::get("/").body(String::new()).unwrap();
    let mut connection = Connection::open(&base).await.unwrap();
    for _ in 0..2 {
        assert_eq!(connection.send(request()).await.unwrap().body, "ok");
    }
    server.await.unwrap();
    let cut = connection.send(request()).await;
    assert!(cut.is_err(), "the server closed it without notice: {cut:?}");
}

async fn read_head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
}
