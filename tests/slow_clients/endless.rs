//! Clients that send a body without end, as fast as it is taken.

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

/// Between two connections of one client: there are only so many ports.
const PAUSE: Duration = Duration::from_millis(50);

const HEAD: &str = concat!(
    "POST /oidc/register HTTP/1.1\r\nhost: auth.example.com\r\n",
    "content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
);

/// One that comes back when it is refused.
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

    /// Until it is over. It is the server that ends each connection.
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
            // A machine that is busy enough is slow about 64 KiB, too.
            assert!(matches!(status, None | Some(408 | 413)), "{status:?}");
            endings.add(status);
            sleep(PAUSE).await;
        }
        endings
    }
}

/// Sends chunk after chunk. It never gives a status: that is for who reads.
async fn pour(mut writer: impl AsyncWrite + Unpin) -> Option<u16> {
    let chunk = format!("4000\r\n{}\r\n", "a".repeat(0x4000));
    let mut next = HEAD;
    while writer.write_all(next.as_bytes()).await.is_ok() {
        next = &chunk;
        // So that each of many gets its turn.
        yield_now().await;
    }
    // The reader sees why.
    std::future::pending().await
}
