//! Runs the examples that add registration to a server on hyper, axum and actix-web.

#[path = "support/example_server.rs"]
mod example_server;

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use example_server::ExampleServer;
use serde_json::Value;

const EXAMPLES: [&str; 3] = ["hyper", "axum", "actix"];

const BODY: &str = r#"{"redirect_uris": ["https://app.example.com/callback"]}"#;

/// The time limit of every wait; the servers' own limits are 10 seconds.
const LIMIT: Duration = Duration::from_mins(1);

/// How long the servers wait for running requests when they are told to end.
const GRACE: Duration = Duration::from_secs(3);

/// How often a test is repeated if the machine was too slow for a result.
const TRIES: usize = 5;

fn connect(server: &ExampleServer) -> TcpStream {
    let address = server.base.strip_prefix("http://").unwrap();
    let connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(LIMIT)).unwrap();
    connection.set_write_timeout(Some(LIMIT)).unwrap();
    connection
}

fn head(length: usize, more: &str) -> String {
    format!(
        "POST /oidc/register HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n{more}\r\n"
    )
}

/// Everything that arrives until the server closes or resets the connection.
fn rest(mut connection: TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset may follow the answer to a request that was not fully read.
    let end = connection.read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).unwrap();
    let timed_out = end.is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
    assert!(!timed_out, "the connection was not closed after {text:?}");
    text
}

fn exchange(server: &ExampleServer, request: &str) -> String {
    let mut connection = connect(server);
    connection.write_all(request.as_bytes()).unwrap();
    rest(connection)
}

fn body(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

fn read_until(connection: &mut TcpStream, end: &str) {
    let mut seen = String::new();
    while !seen.ends_with(end) {
        let mut byte = [0];
        connection.read_exact(&mut byte).unwrap();
        seen.push(char::from(byte[0]));
    }
}

#[test]
fn examples_register_beside_existing_routes() {
    for example in EXAMPLES {
        let server = ExampleServer::named(example);
        let get = |path| format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        let before = exchange(&server, &get("/"));
        assert!(before.starts_with("HTTP/1.1 200 "), "{example}: {before}");
        assert!(
            before.ends_with("an authorization server"),
            "{example}: {before}"
        );
        let elsewhere = exchange(&server, &get("/elsewhere"));
        assert!(
            elsewhere.starts_with("HTTP/1.1 404 "),
            "{example}: {elsewhere}"
        );

        let request = head(BODY.len(), "connection: close\r\n") + BODY;
        let registered = exchange(&server, &request);
        assert!(
            registered.starts_with("HTTP/1.1 201 "),
            "{example}: {registered}"
        );
        let id = body(&registered)["client_id"].clone();
        assert!(id.as_str().unwrap().starts_with("tpc_"), "{example}: {id}");
    }
}

#[test]
fn examples_finish_running_requests_before_ending() {
    for example in EXAMPLES {
        let is_known = (0..TRIES).any(|_| answers_what_is_under_way(example));
        assert!(is_known, "{example}: too late {TRIES} times");
    }
}

/// Sends a body after the server has stopped accepting connections. Returns whether the body was in
/// time. If it was not, the machine was busy for as long as the server waits, and the test has no
/// result.
#[expect(clippy::disallowed_methods, reason = "the server waits by the clock")]
fn answers_what_is_under_way(example: &str) -> bool {
    let mut server = ExampleServer::named(example);
    let mut connection = connect(&server);
    let head = head(BODY.len(), "expect: 100-continue\r\n");
    connection.write_all(head.as_bytes()).unwrap();
    read_until(&mut connection, "HTTP/1.1 100 Continue\r\n\r\n");

    let asked = Instant::now();
    server.request_end();
    while !refuses_connections(&server) && asked.elapsed() < GRACE {
        thread::sleep(Duration::from_millis(1));
    }
    // A server that does not wait would have ended by then.
    thread::sleep(GRACE / 10);
    // If this fails, no answer arrives.
    let _ = connection.write_all(BODY.as_bytes());
    let answer = rest(connection);
    if !answer.starts_with("HTTP/1.1 201 ") {
        let waited = asked.elapsed();
        assert!(waited >= GRACE, "{example}: {answer:?} after {waited:?}");
        return false;
    }
    let status = server.wait().expect("the server ends by itself");
    assert!(status.success(), "{example}: {status}");
    true
}

fn refuses_connections(server: &ExampleServer) -> bool {
    let address = server.base.strip_prefix("http://").unwrap();
    let connected = TcpStream::connect(address);
    connected.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}

#[test]
fn examples_disconnect_slow_clients() {
    thread::scope(|threads| {
        for example in EXAMPLES {
            threads.spawn(move || {
                let server = ExampleServer::named(example);
                let mut slow_head = connect(&server);
                slow_head.write_all(b"POST /oidc/reg").unwrap();
                let mut slow_body = connect(&server);
                let begun = head(BODY.len(), "") + "{";
                slow_body.write_all(begun.as_bytes()).unwrap();
                let silent = connect(&server);

                let answer = rest(slow_body);
                assert!(answer.starts_with("HTTP/1.1 408 "), "{example}: {answer}");
                assert_eq!(body(&answer)["error_detail"]["rule"], "body_timeout");
                for answer in [rest(slow_head), rest(silent)] {
                    let is_let_go = answer.is_empty() || answer.starts_with("HTTP/1.1 408 ");
                    assert!(is_let_go, "{example}: {answer}");
                }
            });
        }
    });
}

#[test]
fn examples_cut_off_endless_bodies() {
    for example in EXAMPLES {
        let server = ExampleServer::named(example);
        let mut connection = connect(&server);
        let head = head(0, "").replace("content-length: 0", "transfer-encoding: chunked");
        connection.write_all(head.as_bytes()).unwrap();
        let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
        let mut writer = connection.try_clone().unwrap();
        // Far more than a server takes that politely reads on for a second.
        let is_cut_off = thread::spawn(move || {
            (0..1 << 23).any(|_| writer.write_all(chunk.as_bytes()).is_err())
        });
        let answer = rest(connection);
        assert!(answer.starts_with("HTTP/1.1 413 "), "{example}: {answer}");
        assert!(is_cut_off.join().unwrap(), "{example}: the server reads on");
    }
}
