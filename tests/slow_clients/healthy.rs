//! Clients that only register.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, header::HOST};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{Progress, TIMEOUT};

/// The pause between two requests of one client, so that they are not a load.
const PAUSE: Duration = Duration::from_millis(10);

const BODY: &[u8] = include_bytes!("../../benches/fixtures/public.json");

/// Registers one client after another on its own thread, so that only the server can delay it, not
/// the other clients of the test.
pub(crate) struct Healthy {
    /// How many registrations were answered with 201.
    pub(crate) registered: Arc<AtomicUsize>,
    longest: JoinHandle<Duration>,
}

/// How a client connects.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Connections {
    /// One connection for all requests.
    Reused,
    /// A new connection for each request.
    Fresh,
}

type Connection = SendRequest<Full<Bytes>>;

impl Healthy {
    /// A client that registers until the test ends.
    pub(crate) fn start(
        server: SocketAddr,
        connections: Connections,
        progress: &Arc<Progress>,
    ) -> Self {
        let registered = Arc::default();
        let (count, progress) = (Arc::clone(&registered), Arc::clone(progress));
        Self {
            registered,
            longest: thread::spawn(move || run(server, connections, &count, &progress)),
        }
    }

    /// The number of registrations, and the longest duration of one, including a new connection.
    pub(crate) fn end(self) -> (usize, Duration) {
        let longest = self.longest.join().expect("all are registered");
        (self.registered.load(Ordering::Relaxed), longest)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn run(
    server: SocketAddr,
    connections: Connections,
    registered: &AtomicUsize,
    progress: &Progress,
) -> Duration {
    let mut longest = Duration::ZERO;
    let mut kept = None;
    while !progress.is_over() {
        let start = Instant::now();
        let exchange = async {
            let mut connection = match kept.take() {
                Some(connection) => connection,
                None => connect(server).await,
            };
            register(&mut connection).await;
            connection
        };
        let connection = timeout(TIMEOUT, exchange).await;
        let connection = connection.expect("a healthy client is answered");
        longest = longest.max(start.elapsed());
        registered.fetch_add(1, Ordering::Relaxed);
        kept = (connections == Connections::Reused).then_some(connection);
        sleep(PAUSE).await;
    }
    longest
}

async fn connect(server: SocketAddr) -> Connection {
    let stream = TcpStream::connect(server).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

async fn register(connection: &mut Connection) {
    let request = Request::post("/oidc/register")
        .header(HOST, "auth.example.com")
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from_static(BODY)))
        .unwrap();
    connection.ready().await.unwrap();
    let response = connection.send_request(request).await.unwrap();
    assert_eq!(response.status(), 201);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(body.starts_with(br#"{"client_id":"tpc_"#), "{body:?}");
}
