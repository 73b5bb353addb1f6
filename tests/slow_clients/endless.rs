//! Clients that send an endless body as fast as the server reads it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    task::yield_now,
    time::{sleep, timeout},
};

use crate::{
    Progress, TIMEOUT,
    let_go::{Endings, ended},
};

/// The pause between two connections of one client: the number of ports is limited.
const PAUSE: Duration = Duration::from_millis(50);

const HEAD: &str = concat!(
    "POST /oidc/register HTTP/1.1\r\nhost: auth.example.com\r\n",
    "content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
);

/// A client that reconnects when it is refused.
pub(crate) struct Endless {
    server: SocketAddr,
    progress: Arc<Progress>,
}

impl Endless {
    pub(crate) fn new(server: SocketAddr, progress: &Arc<Progress>) -> Self {
        Self {
            server,
            progress: Arc::clone(progress),
        }
    }

    /// Until the test ends. The server ends each connection.
    pub(crate) async fn run(self) -> Endings {
        let mut endings = Endings::default();
        while !self.progress.is_over() {
            let stream = TcpStream::connect(self.server).await.unwrap();
            let (reader, writer) = stream.into_split();
            let status = timeout(TIMEOUT, async {
                tokio::select! {
                    status = ended(reader) => status,
                    status = pour(writer) => status,
                }
            });
            let status = status.await.expect("an endless body is refused");
            // A very busy machine may be slow even for 64 KiB.
            assert!(matches!(status, None | Some(408 | 413)), "{status:?}");
            endings.add(status);
            sleep(PAUSE).await;
        }
        endings
    }
}

/// Sends chunk after chunk. It never returns a status: the reader does.
async fn pour(mut writer: impl AsyncWrite + Unpin) -> Option<u16> {
    let chunk = format!("4000\r\n{}\r\n", "a".repeat(0x4000));
    let mut next = HEAD;
    while writer.write_all(next.as_bytes()).await.is_ok() {
        next = &chunk;
        // Gives each of many clients its turn.
        yield_now().await;
    }
    // The reader sees the reason.
    std::future::pending().await
}
