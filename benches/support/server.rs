//! The servers: this program once more, with an argument that says which.

use std::{
    env,
    io::{self, BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, SocketAddr},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use http::Request;
use hyper::{
    body::{Body, Incoming},
    server::conn::http1,
    service::{HttpService, service_fn},
};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use oauth_dcr::tower::RegistrationService;
use tokio::{net::TcpListener, runtime};

use crate::{cores::Core, floor_register::Floor, floor_server, registrar::registrar};

/// Which server.
#[derive(Clone, Copy)]
pub(crate) enum Side {
    Floor,
    Ours,
}

impl Side {
    pub(crate) fn from_argument(argument: &str) -> Option<Self> {
        let is_it = |side: &Self| side.argument() == argument;
        [Self::Floor, Self::Ours].into_iter().find(is_it)
    }

    const fn argument(self) -> &'static str {
        match self {
            Self::Floor => "serve-floor",
            Self::Ours => "serve-ours",
        }
    }
}

/// A server in a process of its own, ended when this is dropped.
pub(crate) struct Spawned {
    process: Child,
    address: SocketAddr,
}

impl Spawned {
    pub(crate) fn new(side: Side, core: Core) -> io::Result<Self> {
        let mut process = Command::new(env::current_exe()?)
            .args([side.argument(), &core.to_string()])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut address)?;
        }
        let address = address.trim().parse().map_err(io::Error::other)?;
        Ok(Self { process, address })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Spawned {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves `side` until the process is ended, on the core with the number `core` if that is one, and
/// first says at which address.
pub(crate) fn serve(side: Side, core: Option<String>) -> io::Result<()> {
    if let Some(core) = core.and_then(|core| core.parse().ok()) {
        Core(core).pin();
    }
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let tasks = tokio::task::LocalSet::new();
    tasks.block_on(&runtime, async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        writeln!(io::stdout(), "{}", listener.local_addr()?)?;
        match side {
            Side::Floor => serve_floor(listener).await,
            Side::Ours => serve_ours(listener).await,
        }
    })
}

async fn serve_floor(listener: TcpListener) -> io::Result<()> {
    let floor = Arc::new(Floor::new(None));
    accept(listener, || {
        let floor = Arc::clone(&floor);
        service_fn(move |request: Request<Incoming>| {
            let floor = Arc::clone(&floor);
            async move { floor_server::answer(&floor, request).await }
        })
    })
    .await
}

async fn serve_ours(listener: TcpListener) -> io::Result<()> {
    let service = TowerToHyperService::new(RegistrationService::new(registrar(None)));
    accept(listener, || service.clone()).await
}

/// Serves every connection with a service of its own.
async fn accept<S>(listener: TcpListener, service: impl Fn() -> S) -> io::Result<()>
where
    S: HttpService<Incoming> + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    S::ResBody: Body + 'static,
    <S::ResBody as Body>::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service());
        tokio::task::spawn_local(async {
            // What goes wrong on a connection shows in the load: it gets no answer.
            let _ = connection.await;
        });
    }
}
