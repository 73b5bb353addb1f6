//! One request in raw bytes, and its answer.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpSocket,
    time::timeout,
};

use crate::hostile::HeaderSet;

/// The time limit of an answer. A proxy that waits for more of a request gives up earlier.
const LIMIT: Duration = Duration::from_mins(2);

/// The time limit of one attempt to reach a starting proxy.
const LOOK: Duration = Duration::from_secs(5);

/// The smallest body that registers a client.
const BODY: &[u8] =
    br#"{"redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"none"}"#;

/// The outcome of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Exchange {
    /// The server registered a client.
    Registered,
    /// The server answered with this status and an OAuth error.
    RefusedByServer(u16),
    /// The proxy answered with this status.
    RefusedByProxy(u16),
    /// The connection was closed without an answer.
    Closed,
}

impl Exchange {
    /// Whether the request passed the proxy.
    pub(crate) const fn is_from_server(&self) -> bool {
        matches!(self, Self::Registered | Self::RefusedByServer(_))
    }

    fn read(answer: &[u8]) -> Self {
        let Some((head, body)) = split(answer) else {
            return Self::Closed;
        };
        let status = status(head);
        let body: Option<Value> = serde_json::from_slice(body).ok();
        let has = |member: &str| body.as_ref().is_some_and(|it| it.get(member).is_some());
        match status {
            201 => {
                assert!(has("client_id"), "a 201 without a client");
                Self::Registered
            }
            _ if has("error") => Self::RefusedByServer(status),
            _ => Self::RefusedByProxy(status),
        }
    }
}

/// Sends a registration from this address.
pub(crate) async fn register(from: Ipv4Addr, to: SocketAddr, headers: &HeaderSet) -> Exchange {
    let mut request = b"POST /oidc/register HTTP/1.1\r\n".to_vec();
    headers.write(&mut request);
    request.extend(b"Content-Type: application/json\r\n");
    request.extend(format!("Content-Length: {}\r\n\r\n", BODY.len()).bytes());
    request.extend(BODY);

    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    let mut stream = socket.connect(to).await.unwrap();
    // A proxy may refuse the request, and close the connection, before it has read all of it.
    let _ = stream.write_all(&request).await;
    let mut answer = Vec::new();
    let reading = async {
        // An error is also an end: the proxy has reset the connection.
        while !is_whole(&answer) && stream.read_buf(&mut answer).await.is_ok_and(|it| it > 0) {}
    };
    timeout(LIMIT, reading).await.expect("an answer or an end");
    Exchange::read(&answer)
}

/// Whether a server with this issuer answers there.
pub(crate) fn answers(address: SocketAddr, issuer: &str) -> bool {
    let receive = || -> Option<Vec<u8>> {
        let mut stream = TcpStream::connect_timeout(&address, LOOK).ok()?;
        stream.set_read_timeout(Some(LOOK)).ok()?;
        let request = b"GET /.well-known/oauth-authorization-server HTTP/1.1\r\n\
                        Host: auth.acme.example\r\n\
                        Connection: close\r\n\r\n";
        stream.write_all(request).ok()?;
        let mut answer = Vec::new();
        let mut part = [0; 4096];
        while !is_whole(&answer) {
            match stream.read(&mut part).ok()? {
                0 => break,
                read => answer.extend(&part[..read]),
            }
        }
        Some(answer)
    };
    receive().is_some_and(|answer| String::from_utf8_lossy(&answer).contains(issuer))
}

/// Whether the head and the announced length of the body have arrived. Without a length, the end of
/// the connection ends the answer.
fn is_whole(answer: &[u8]) -> bool {
    split(answer).is_some_and(|(head, body)| length(head).is_some_and(|it| body.len() >= it))
}

fn split(answer: &[u8]) -> Option<(&str, &[u8])> {
    let at = answer.windows(4).position(|it| it == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..at]).expect("a head in ASCII");
    Some((head, &answer[at + 4..]))
}

fn status(head: &str) -> u16 {
    let status = head.split(' ').nth(1).and_then(|it| it.get(..3));
    let status = status.and_then(|it| it.parse().ok());
    status.unwrap_or_else(|| panic!("no status: {head}"))
}

fn length(head: &str) -> Option<usize> {
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse().unwrap())
    })
}
