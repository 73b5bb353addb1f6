//! A proxy between the limiter and its server that can be switched, and a server that never
//! answers.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU16, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::sleep,
};

/// Forwards each new connection to the current target. Established connections stay with their
/// target, as behind a DNS name.
pub(crate) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    target: AtomicU16,
    /// The delay before a new connection is forwarded.
    delay: Duration,
    accepted: AtomicUsize,
    open: AtomicUsize,
}

impl Proxy {
    pub(crate) async fn to(port: u16) -> Self {
        Self::slow(port, Duration::ZERO).await
    }

    /// A proxy that forwards a new connection after this delay.
    pub(crate) async fn slow(port: u16, delay: Duration) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let shared = Arc::new(Shared {
            target: AtomicU16::new(port),
            delay,
            accepted: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
        });
        Self {
            port: listener.local_addr().unwrap().port(),
            shared: Arc::clone(&shared),
            task: tokio::spawn(forward(listener, shared)),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub(crate) fn switch_to(&self, port: u16) {
        self.shared.target.store(port, SeqCst);
    }

    /// How many connections were made so far.
    pub(crate) fn accepted(&self) -> usize {
        self.shared.accepted.load(SeqCst)
    }

    /// How many connections are open.
    pub(crate) fn open(&self) -> usize {
        self.shared.open.load(SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn forward(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let (mut client, _) = listener.accept().await.unwrap();
        shared.accepted.fetch_add(1, SeqCst);
        shared.open.fetch_add(1, SeqCst);
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let port = shared.target.load(SeqCst);
            sleep(shared.delay).await;
            let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await;
            if let Ok(mut server) = server {
                let _ = copy_bidirectional(&mut client, &mut server).await;
            }
            shared.open.fetch_sub(1, SeqCst);
        });
    }
}

/// Accepts connections, and answers every other command with one error or not at all.
pub(crate) struct Failing {
    pub(crate) port: u16,
    quits: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Failing {
    pub(crate) async fn with(error: &'static str) -> Self {
        Self::start(Some(error)).await
    }

    /// A server that freezes as soon as a client has connected.
    pub(crate) async fn silent() -> Self {
        Self::start(None).await
    }

    /// How many clients asked the server to close their connection.
    pub(crate) fn quits(&self) -> usize {
        self.quits.load(SeqCst)
    }

    async fn start(error: Option<&'static str>) -> Self {
        let quits = Arc::default();
        let counted = Arc::clone(&quits);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(fail(client, error, Arc::clone(&counted)));
            }
        });
        Self { port, quits, task }
    }
}

impl Drop for Failing {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn fail(mut client: TcpStream, error: Option<&str>, quits: Arc<AtomicUsize>) -> Option<()> {
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
            "QUIT" => {
                quits.fetch_add(1, SeqCst);
                write.write_all(b"+OK\r\n").await.ok()?;
                break;
            }
            _ => match error {
                Some(error) => format!("-{error}\r\n"),
                None => continue,
            },
        };
        write.write_all(reply.as_bytes()).await.ok()?;
    }
    Some(())
}
