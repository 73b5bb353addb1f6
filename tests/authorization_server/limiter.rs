//! A limiter that can not be reached when the server starts.

use std::{
    fs::{self, File},
    path::PathBuf,
    time::Duration,
};

use http::Request;
use private_servers::{PrivateRedis, free_port};
use tokio::time::{Instant, sleep};

use crate::{command::run, example_server::ExampleServer, temporary::TemporaryDir, wire::send};

/// A server whose limiter is at `url`, and its log.
fn start(url: &str) -> (ExampleServer, PathBuf, TemporaryDir) {
    let folder = TemporaryDir::new();
    let log = folder.path().join("log");
    let stderr = File::create(&log).unwrap();
    let server = ExampleServer::start_logged(None, &["--limiter", url], stderr.into());
    (server, log, folder)
}

async fn register(server: &ExampleServer) -> u16 {
    let request = Request::post(format!("{}/oidc/register", server.base))
        .header("content-type", "application/json")
        .body(r#"{"redirect_uris": ["https://app.example.com/callback"]}"#.to_owned());
    send(request.unwrap()).await.status
}

#[tokio::test]
async fn an_unavailable_limiter_is_a_warning() {
    let port = free_port();
    let (server, log, _folder) = start(&format!("redis://:s3cret@127.0.0.1:{port}/"));
    let said = fs::read_to_string(&log).unwrap();
    let first = said.lines().next().unwrap_or_default();
    assert!(first.starts_with("warning: --limiter: "), "{said}");
    assert!(first.contains(&format!("127.0.0.1:{port}")), "{said}");
    assert!(first.contains("Connection refused"), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
    // The same as when the limiter is lost later.
    assert_eq!(register(&server).await, 503);
}

#[tokio::test]
async fn clients_register_when_the_limiter_answers() {
    let mut redis = PrivateRedis::start();
    redis.stop();
    let (server, _log, _folder) = start(&redis.url());
    assert_eq!(register(&server).await, 503);
    redis.restart();
    let began = Instant::now();
    while register(&server).await != 201 {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "the limiter is not found"
        );
        sleep(Duration::from_millis(50)).await;
    }
}

#[test]
fn a_password_refused_by_the_limiter_is_an_error() {
    let redis = PrivateRedis::start();
    let client = redis::Client::open(redis.url()).unwrap();
    let set = redis::cmd("CONFIG")
        .arg(&["SET", "requirepass", "right"])
        .to_owned();
    set.exec(&mut client.get_connection().unwrap()).unwrap();
    let url = format!("redis://:s3cret@127.0.0.1:{}/", redis.port());
    let ended = run(&[
        "--listen",
        "127.0.0.1:0",
        "--store",
        "memory",
        "--limiter",
        &url,
    ]);
    assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{ended:?}");
    let place = format!(
        "the back end `redis` at 127.0.0.1:{} failed: ",
        redis.port()
    );
    assert!(ended.stderr.contains(&place), "{ended:?}");
    assert!(!ended.stderr.contains("s3cret"), "{ended:?}");
}
