//! Clients that send one byte every few seconds.

use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{
    Progress, TIMEOUT,
    let_go::{Endings, ended},
};

/// The time between two bytes of a client.
const BYTE: Duration = Duration::from_secs(3);

/// An incomplete head, and headers that follow one after another.
const HEAD: &str = "POST /oidc/register HTTP/1.1\r\nhost: auth.example.com\r\n";

/// A head, and the first bytes of a body of the maximum size.
const BODY: &str = concat!(
    "POST /oidc/register HTTP/1.1\r\nhost: auth.example.com\r\n",
    "content-type: application/json\r\ncontent-length: 65536\r\n\r\n{\"",
);

/// A request without a body that is answered at once.
const FIRST: &str = "HEAD /oidc/register HTTP/1.1\r\nhost: auth.example.com\r\n\r\n";

/// The slow part of a client's request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum About {
    Head,
    Body,
    /// The head of a second request.
    SecondHead,
}

impl About {
    /// The ways in which a server may end the connection. It may close a connection that has no
    /// request yet.
    const fn endings(self) -> &'static [Option<u16>] {
        match self {
            Self::Head | Self::SecondHead => &[None, Some(408)],
            Self::Body => &[Some(408)],
        }
    }
}

/// How the connections of slow clients ended, by their slow part.
#[derive(Default)]
pub(crate) struct ByKind(BTreeMap<About, Endings>);

impl ByKind {
    /// Checks that every ending is allowed.
    pub(crate) fn check(&self) {
        for (about, endings) in &self.0 {
            assert!(endings.are_among(about.endings()), "{about:?}: {endings}");
        }
    }
}

impl FromIterator<(About, Endings)> for ByKind {
    fn from_iter<I: IntoIterator<Item = (About, Endings)>>(all: I) -> Self {
        let mut kinds = Self::default();
        for (about, endings) in all {
            kinds.0.entry(about).or_default().merge(endings);
        }
        kinds
    }
}

impl fmt::Display for ByKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (about, endings)) in self.0.iter().enumerate() {
            let semicolon = if at == 0 { "" } else { "; " };
            write!(f, "{semicolon}{about:?}: {endings}")?;
        }
        Ok(())
    }
}

/// A client that reconnects when the server disconnects it.
pub(crate) struct Slow {
    server: SocketAddr,
    about: About,
    progress: Arc<Progress>,
}

impl Slow {
    pub(crate) fn new(server: SocketAddr, about: About, progress: &Arc<Progress>) -> Self {
        Self {
            server,
            about,
            progress: Arc::clone(progress),
        }
    }

    /// Until the test ends and the server has ended the last connection.
    pub(crate) async fn run(self) -> (About, Endings) {
        let mut endings = Endings::default();
        for turn in 0.. {
            let stream = self.begin().await;
            if turn == 0 {
                self.progress.connected.fetch_add(1, Ordering::Relaxed);
            }
            let status = timeout(TIMEOUT, dribble(stream)).await;
            let status = status.expect("a slow client is let go");
            endings.add(status);
            if turn == 0 {
                self.progress.let_go.fetch_add(1, Ordering::Relaxed);
            }
            if self.progress.is_over() {
                break;
            }
        }
        (self.about, endings)
    }

    async fn begin(&self) -> TcpStream {
        let mut stream = TcpStream::connect(self.server).await.unwrap();
        if self.about == About::SecondHead {
            first(&mut stream).await;
        }
        let start = match self.about {
            About::Head | About::SecondHead => HEAD,
            About::Body => BODY,
        };
        stream.write_all(start.as_bytes()).await.unwrap();
        stream
    }
}

/// Takes the answer to a first request.
async fn first(stream: &mut TcpStream) {
    stream.write_all(FIRST.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    assert!(answer.starts_with(b"HTTP/1.1 405 "), "{answer:?}");
}

/// Sends byte after byte until the server ends the connection.
async fn dribble(stream: TcpStream) -> Option<u16> {
    let (reader, mut writer) = stream.into_split();
    let endless = async {
        loop {
            sleep(BYTE).await;
            if writer.write_all(b"a").await.is_err() {
                // The reader sees the reason.
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        status = ended(reader) => status,
        () = endless => None,
    }
}
