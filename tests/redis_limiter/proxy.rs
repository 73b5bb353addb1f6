//! What stands between the limiter and its server: a proxy that can be switched, and a server that
//! serves nobody.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU16, AtomicUsize, Ordering::SeqCst},
    },
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// Forwards each new connection to the present target. Connections that are established stay where they
/// are, as behind a DNS name.
pub(crate) struct Proxy {
    port: u16,
    target: Arc<AtomicU16>,
    accepted: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let (target, accepted) = (Arc::new(AtomicU16::new(port)), Arc::default());
        Self {
            port: listener.local_addr().unwrap().port(),
            target: Arc::clone(&target),
            accepted: Arc::clone(&accepted),
            task: tokio::spawn(forward(listener, target, accepted)),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub(crate) fn switch_to(&self, port: u16) {
        self.target.store(port, SeqCst);
    }

    /// How many connections were made so far.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn forward(listener: TcpListener, target: Arc<AtomicU16>, accepted: Arc<AtomicUsize>) {
    loop {
        let (mut client, _) = listener.accept().await.unwrap();
        accepted.fetch_add(1, SeqCst);
        let port = target.load(SeqCst);
        tokio::spawn(async move {
            let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await;
            if let Ok(mut server) = server {
                let _ = copy_bidirectional(&mut client, &mut server).await;
            }
        });
    }
}

/// Lets clients connect, and answers everything else with one error.
pub(crate) struct Failing {
    pub(crate) port: u16,
    task: JoinHandle<()>,
}

impl Failing {
    pub(crate) async fn with(error: &'static str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(fail(client, error));
            }
        });
        Self { port, task }
    }
}

impl Drop for Failing {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn fail(mut client: TcpStream, error: &str) -> Option<()> {
    let (read, mut write) = client.split();
    let mut lines = BufReader::new(read).lines();
    // A command is an array of texts: `*2`, `$5`, `HELLO`, `$1`, `3`.
    while let Some(head) = lines.next_line().await.ok()? {
        let words: usize = head.strip_prefix('*')?.parse().ok()?;
        let mut command = Vec::new();
        for _ in 0..words {
            lines.next_line().await.ok()?;
            command.push(lines.next_line().await.ok()??);
        }
        let reply = match command[0].as_str() {
            "HELLO" => "%1\r\n+proto\r\n:3\r\n".to_owned(),
            "CLIENT" => "+OK\r\n".to_owned(),
            _ => format!("-{error}\r\n"),
        };
        write.write_all(reply.as_bytes()).await.ok()?;
    }
    Some(())
}
