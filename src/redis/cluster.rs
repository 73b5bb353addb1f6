use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use redis::{
    Client, ConnectionAddr, ConnectionInfo, ErrorKind, RedisError, RedisResult, ServerErrorKind,
    Value, cluster::NodeAddress, cmd, pipe,
};
use tokio::{
    task::JoinSet,
    time::{Instant, timeout},
};

use crate::redis::{
    bucket::Reply,
    call::{Call, lacks_script, load},
    outage::Outage,
    server::{Server, reconnecting},
    slot::slot_of,
    topology::{Topology, redirected},
};

/// How long a server may take to say which server has which slots.
const ANSWER: Duration = Duration::from_millis(400);

/// From one question for the slots to the next.
const PERIOD: Duration = Duration::from_millis(500);

/// How often a server is tried before it is left alone until a request is for it. It may have left the
/// cluster.
const TRIES: usize = 5;

/// A cluster, with a connection to each server. Nothing that concerns one server waits for another one.
#[derive(Clone)]
pub(super) struct Cluster(Arc<Inner>);

struct Inner {
    /// Where the host says that servers are.
    seeds: Vec<(NodeAddress, ConnectionInfo)>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    topology: Topology,
    servers: HashMap<NodeAddress, Arc<Server>>,
    next_refresh: Option<Instant>,
}

impl Cluster {
    /// # Errors
    /// If there is no seed, or a seed is a socket file.
    pub(super) fn new(seeds: Vec<ConnectionInfo>) -> RedisResult<Self> {
        let seeds = seeds.into_iter();
        let seeds = seeds.map(|info| Ok((NodeAddress::try_from(info.addr())?, info)));
        let seeds = seeds.collect::<RedisResult<Vec<_>>>()?;
        if seeds.is_empty() {
            return Err((ErrorKind::InvalidClientConfig, "no server is named").into());
        }
        let state = Mutex::default();
        Ok(Self(Arc::new(Inner { seeds, state })))
    }

    pub(super) async fn send(&self, call: &Call) -> RedisResult<Reply> {
        let slot = slot_of(&call.key);
        let address = self.0.lock().topology.server_of(slot).cloned();
        let address = address.ok_or_else(unknown_server)?;
        let server = self.0.server(&address)?;
        let error = match server.send(call).await {
            Err(error) => error,
            answer => return answer,
        };
        let Some((to, _)) = error.redirect_node() else {
            return Err(error);
        };
        let to = redirected(to, &address).ok_or_else(unknown_server)?;
        let server = self.0.server(&to)?;
        if error.kind() == ServerErrorKind::Ask.into() {
            return ask(call, &server).await;
        }
        self.0.lock().topology.moved(slot, to);
        self.refresh_soon();
        server.send(call).await
    }

    /// Asks in the background which server has which slots, unless that was asked just now.
    pub(super) fn refresh_soon(&self) {
        let now = Instant::now();
        let mut state = self.0.lock();
        if state.next_refresh.is_some_and(|at| now < at) {
            return;
        }
        state.next_refresh = now.checked_add(PERIOD);
        drop(state);
        let this = self.clone();
        // Without an answer the present servers stay, and the next failure asks again.
        tokio::spawn(async move { this.refresh().await });
    }

    /// Asks all servers at once which server has which slots, and believes the first answer.
    pub(super) async fn refresh(&self) -> RedisResult<()> {
        let mut questions = JoinSet::new();
        for (address, server) in self.0.known()? {
            questions.spawn(timeout(ANSWER, slots(address, server)));
        }
        let mut failure = unknown_server();
        while let Some(answer) = questions.join_next().await {
            match answer {
                Ok(Ok(Ok(topology))) => return self.0.install(topology),
                // A server that refuses says more than one that doesn't answer.
                Ok(Ok(Err(error))) if Outage::told_by(&failure).is_some() => failure = error,
                _ => {}
            }
        }
        Err(failure)
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server at `address`, which the cluster has named.
    fn server(&self, address: &NodeAddress) -> RedisResult<Arc<Server>> {
        let mut state = self.lock();
        if let Some(server) = state.servers.get(address) {
            return Ok(Arc::clone(server));
        }
        let server = self.new_server(address)?;
        let stored = Arc::clone(&server);
        state.servers.insert(address.clone(), stored);
        Ok(server)
    }

    /// All servers that have slots, and all seeds.
    fn known(&self) -> RedisResult<Vec<(NodeAddress, Arc<Server>)>> {
        let servers = self.lock().servers.clone();
        let mut known: Vec<_> = servers.into_iter().collect();
        for (address, info) in &self.seeds {
            if known.iter().all(|(known, _)| known != address) {
                known.push((address.clone(), connect(info.clone())?));
            }
        }
        Ok(known)
    }

    /// Keeps the connections to the servers of before, and forgets the servers that have no slots.
    fn install(&self, topology: Topology) -> RedisResult<()> {
        let mut state = self.lock();
        let mut servers = HashMap::new();
        for address in topology.servers() {
            let server = match state.servers.get(address) {
                Some(server) => Arc::clone(server),
                None => self.new_server(address)?,
            };
            servers.insert(address.clone(), server);
        }
        state.servers = servers;
        state.topology = topology;
        Ok(())
    }

    fn new_server(&self, address: &NodeAddress) -> RedisResult<Arc<Server>> {
        let (_, like) = self.seeds.first().ok_or_else(unknown_server)?;
        let (host, port) = (address.host().to_owned(), address.port());
        let address = match like.addr().clone() {
            ConnectionAddr::TcpTls {
                insecure,
                tls_params,
                ..
            } => ConnectionAddr::TcpTls {
                host,
                port,
                insecure,
                tls_params,
            },
            _ => ConnectionAddr::Tcp(host, port),
        };
        connect(like.clone().set_addr(address))
    }
}

fn connect(info: ConnectionInfo) -> RedisResult<Arc<Server>> {
    let config = reconnecting().set_number_of_retries(TRIES);
    Ok(Arc::new(Server::new(Client::open(info)?, config)?))
}

async fn slots(address: NodeAddress, server: Arc<Server>) -> RedisResult<Topology> {
    let mut question = cmd("CLUSTER");
    question.arg("SLOTS");
    let answer: Value = question.query_async(&mut server.manager()).await?;
    let topology = Topology::read(answer, &address)?;
    if topology.is_empty() {
        return Err(unknown_server());
    }
    Ok(topology)
}

/// Sends `call` to the server that a slot moves to, which needs to be told so.
async fn ask(call: &Call, server: &Server) -> RedisResult<Reply> {
    let mut connection = server.manager();
    let mut request = pipe();
    request.cmd("ASKING").ignore();
    request.add_command(call.command.clone());
    let answer: RedisResult<(Reply,)> = request.query_async(&mut connection).await;
    let answer = match answer {
        Err(error) if lacks_script(&error) => {
            load().exec_async(&mut connection).await?;
            request.query_async(&mut connection).await
        }
        answer => answer,
    };
    answer.map(|(reply,)| reply)
}

fn unknown_server() -> RedisError {
    let kind = ErrorKind::ClusterConnectionNotFound;
    (kind, "the server of the slot is not known").into()
}
