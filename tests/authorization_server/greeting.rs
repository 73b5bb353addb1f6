//! What the server prints when it listens.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use crate::example_server::example_binary::binary;

/// The number of lines that a server without settings prints.
const LINES: usize = 6;

fn greeting(listen: &str) -> Vec<String> {
    let mut command = Command::new(binary("authorization-server"));
    command.args(["--store", "memory", "--listen", listen]);
    let mut server = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let lines: Result<Vec<_>, _> = lines.take(LINES).collect();
    server.kill().unwrap();
    server.wait().unwrap();
    lines.unwrap()
}

#[test]
fn the_curl_line_has_an_address_to_connect_to() {
    let lines = greeting("0.0.0.0:0");
    let port = lines[0].strip_prefix("listening on http://0.0.0.0:");
    let port = port.unwrap();
    assert_eq!(lines[1], format!("home page: http://127.0.0.1:{port}/"));
    let curl = format!("curl -s http://127.0.0.1:{port}/oidc/register ");
    assert!(lines[5].starts_with(&curl), "{lines:?}");
}
