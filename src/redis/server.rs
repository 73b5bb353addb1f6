use std::{
    convert::Infallible,
    sync::{Arc, Weak},
    time::Duration,
};

use redis::{
    AsyncConnectionConfig, Client, ConnectionInfo, ProtocolVersion, PushInfo, PushKind, RedisError,
    RedisResult, aio::MultiplexedConnection,
};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use crate::redis::{
    bucket::Reply,
    call::{Call, load},
    outage::Outage,
};

/// The time between the starts of two attempts to connect.
const PAUSE: Duration = Duration::from_millis(100);

/// The same time after the server refused the user or the password. It is longer because the server logs each refusal.
const PAUSE_AFTER_REFUSAL: Duration = Duration::from_secs(1);

/// How long an attempt to connect may take.
const CONNECTING: Duration = Duration::from_millis(500);

/// If a request gets no reply, its connection is replaced if it is at least this old. A younger connection was opened
/// during the same outage.
const OLD: Duration = Duration::from_secs(1);

/// The connection to one address. After a failover, another server may have the address.
///
/// A task connects, and connects again when a connection is lost or closed. Requests wait for the task, but the task does
/// not stop when they give up.
pub(super) struct Server {
    state: Arc<watch::Sender<State>>,
    task: JoinHandle<()>,
}

enum State {
    Connecting,
    Connected(Established),
    /// The last attempt failed. The next one follows.
    Failed(RedisError),
}

#[derive(Clone)]
struct Established {
    number: u64,
    since: Instant,
    connection: MultiplexedConnection,
}

impl Server {
    /// Starts to connect.
    pub(super) fn new(client: Client) -> Self {
        let state = Arc::new(watch::Sender::new(State::Connecting));
        let task = tokio::spawn(stay_connected(client, Arc::clone(&state)));
        Self { state, task }
    }

    pub(super) async fn send(&self, call: &Call) -> RedisResult<Reply> {
        let mut established = self.established().await?;
        let reply = call.send(&mut established.connection).await;
        if let Err(error) = &reply
            && error.is_unrecoverable_error()
        {
            leave_if(&self.state, |current| current.number == established.number);
        }
        reply
    }

    pub(super) async fn load_script(&self) -> RedisResult<()> {
        let mut established = self.established().await?;
        load().exec_async(&mut established.connection).await
    }

    /// Resolves the address and connects again. The old connection closes when the requests that use it have ended.
    pub(super) fn leave(&self) {
        leave_if(&self.state, |_| true);
    }

    /// Does the same as [`leave`](Self::leave), unless the connection is new.
    pub(super) fn leave_silent(&self) {
        leave_if(&self.state, |current| current.since.elapsed() >= OLD);
    }

    /// Waits for the connection. Fails if the last attempt to connect failed.
    async fn established(&self) -> RedisResult<Established> {
        let mut states = self.state.subscribe();
        loop {
            match &*states.borrow_and_update() {
                State::Connecting => {}
                State::Connected(established) => return Ok(established.clone()),
                State::Failed(error) => return Err(error.clone()),
            }
            // The sender lives as long as `self`.
            let _ = states.changed().await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Drops the current connection if `condition` is true for it. Does nothing while there is no connection. Otherwise an
/// attempt to connect could be restarted again and again.
fn leave_if(state: &watch::Sender<State>, condition: impl Fn(&Established) -> bool) {
    state.send_if_modified(|state| {
        let leaves = matches!(state, State::Connected(current) if condition(current));
        if leaves {
            *state = State::Connecting;
        }
        leaves
    });
}

async fn stay_connected(client: Client, state: Arc<watch::Sender<State>>) {
    let mut states = state.subscribe();
    for number in 0.. {
        let start = Instant::now();
        let mut pause = PAUSE;
        match connect(&client, number, Arc::downgrade(&state)).await {
            Ok(connection) => {
                state.send_replace(State::Connected(Established {
                    number,
                    since: Instant::now(),
                    connection,
                }));
                let left = |state: &State| !matches!(state, State::Connected(_));
                let _ = states.wait_for(left).await;
            }
            Err(error) => {
                if Outage::from_error(&error).is_none() {
                    pause = PAUSE_AFTER_REFUSAL;
                }
                state.send_replace(State::Failed(error));
            }
        }
        sleep_until(start.checked_add(pause).unwrap_or(start)).await;
    }
}

/// Opens a connection. If the connection is lost, it is dropped at once, even if no request uses it.
async fn connect(
    client: &Client,
    number: u64,
    state: Weak<watch::Sender<State>>,
) -> RedisResult<MultiplexedConnection> {
    let on_push = move |push: PushInfo| {
        if push.kind == PushKind::Disconnection
            && let Some(state) = state.upgrade()
        {
            leave_if(&state, |current| current.number == number);
        }
        Ok::<_, Infallible>(())
    };
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECTING))
        // Requests limit the time that they wait.
        .set_response_timeout(None)
        .set_push_sender(on_push);
    client
        .get_multiplexed_async_connection_with_config(&config)
        .await
}

pub(super) fn with_our_settings(info: ConnectionInfo) -> ConnectionInfo {
    // Only with RESP3 does the client report a lost connection before a request fails.
    let redis = info.redis_settings().clone();
    let redis = redis.set_protocol(ProtocolVersion::RESP3);
    let tcp = info.tcp_settings().clone().set_nodelay(true);
    // A peer that acknowledges nothing for this long is gone. By default, the system would try for minutes.
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    let tcp = tcp.set_user_timeout(Duration::from_secs(1));
    info.set_redis_settings(redis).set_tcp_settings(tcp)
}
