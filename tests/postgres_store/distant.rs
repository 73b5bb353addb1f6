//! Slow connections to a database, and connections that no longer deliver anything.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// Forwards bytes to a database, with a delay.
pub(crate) struct DelayedConnection {
    url: String,
    /// The generation of new connections; connections of earlier generations deliver nothing.
    generation: Arc<AtomicUsize>,
}

impl DelayedConnection {
    /// Forwards to the database at `url`, with this delay in each direction.
    pub(crate) async fn to(url: &str, delay: Duration) -> Self {
        let (start, rest) = url.rsplit_once('@').unwrap();
        let (server, database) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        let generation = Arc::<AtomicUsize>::default();
        tokio::spawn(lead(
            listener,
            server.to_owned(),
            delay,
            Arc::clone(&generation),
        ));
        Self {
            url: format!("{start}@{here}/{database}"),
            generation,
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// From now on, existing connections deliver nothing and report no error.
    pub(crate) fn lose_connections(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }
}

async fn lead(
    listener: TcpListener,
    server: String,
    delay: Duration,
    generation: Arc<AtomicUsize>,
) {
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let server = TcpStream::connect(&server).await.unwrap();
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let created = generation.load(Ordering::SeqCst);
        for (from, to) in [(from_client, to_server), (from_server, to_client)] {
            let generation = Arc::clone(&generation);
            let leads = move || generation.load(Ordering::SeqCst) == created;
            tokio::spawn(hand_on(from, to, delay, leads));
        }
    }
}

async fn hand_on(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    delay: Duration,
    leads: impl Fn() -> bool,
) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        tokio::time::sleep(delay).await;
        if leads() && to.write_all(&bytes[..count]).await.is_err() {
            break;
        }
    }
}
