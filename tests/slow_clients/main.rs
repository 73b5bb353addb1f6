//! Many hostile clients at once: some send a byte every now and then, some an endless body. A
//! server with the recommended timeouts closes their connections, and other clients notice nothing.
//!
//! The variables `OAUTH_DCR_SLOW`, `OAUTH_DCR_ENDLESS` and `OAUTH_DCR_HEALTHY` set how many slow,
//! endless and healthy clients there are at once.
#![expect(
    clippy::disallowed_methods,
    reason = "what is tested here takes time from servers and from the operating system"
)]
#![expect(
    clippy::print_stdout,
    reason = "figures are for who asks for them, and a server speaks so to the test"
)]

mod endless;
mod healthy;
mod let_go;
mod process;
#[path = "../../examples/serve/mod.rs"]
pub mod serve;
mod server;
mod slow;

use std::{
    fs,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use endless::Endless;
use healthy::{Connections, Healthy};
use let_go::Endings;
use process::Process;
use server::{Framework, MAX_BODY};
use slow::{ByKind, Slow};
use tokio::{task::JoinSet, time::sleep};

/// The time limit of every wait, long enough for any machine.
const TIMEOUT: Duration = Duration::from_mins(2);

/// The most memory of a connection that waits for more of a head or of a small body.
const SLOW_BYTES: usize = 32 * 1024;

/// The most memory of a connection, besides its body, while the body is read quickly.
const FAST_BYTES: usize = 256 * 1024;

/// The most memory of a registered client.
const CLIENT_BYTES: usize = 2 * 1024;

/// The most memory of everything else, such as a thread and the allocator's reserves.
const OTHER_BYTES: usize = 8 * 1024 * 1024;

/// Lets the tests run in turn if one process runs them all, because a process may not open enough
/// files for three.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// How many clients there are of each kind.
struct Counts {
    slow: usize,
    endless: usize,
    healthy: usize,
}

impl Counts {
    fn wanted() -> Self {
        let counts = Self {
            slow: number("OAUTH_DCR_SLOW", 300),
            endless: number("OAUTH_DCR_ENDLESS", 30),
            healthy: number("OAUTH_DCR_HEALTHY", 200),
        };
        let needed = counts.slow + counts.endless + 100;
        let allowed = open_files();
        assert!(
            needed <= allowed,
            "this takes {needed} open files, and a process may have {allowed}: `ulimit -n {needed}`"
        );
        counts
    }

    /// The most by which the server may grow with this many clients registered.
    fn most_bytes(&self, registered: usize) -> usize {
        // A growing buffer doubles, and the old buffer exists until its bytes are copied.
        let endless = self.endless * (3 * MAX_BODY + FAST_BYTES);
        self.slow * SLOW_BYTES + endless + registered * CLIENT_BYTES + OTHER_BYTES
    }
}

/// The state that all clients share.
#[derive(Default)]
struct Progress {
    /// The slow clients that are connected for the first time.
    connected: AtomicUsize,
    /// The slow clients whose first connection the server has ended.
    let_go: AtomicUsize,
    is_over: AtomicBool,
}

impl Progress {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}

#[test]
fn hyper_disconnects_slow_clients_only() {
    serve_or_test(Framework::Hyper, "hyper_disconnects_slow_clients_only");
}

#[test]
fn axum_disconnects_slow_clients_only() {
    serve_or_test(Framework::Axum, "axum_disconnects_slow_clients_only");
}

#[test]
fn actix_disconnects_slow_clients_only() {
    serve_or_test(Framework::Actix, "actix_disconnects_slow_clients_only");
}

/// Serves if the environment says so; otherwise starts the test `this` as a server and runs the
/// test.
fn serve_or_test(framework: Framework, this: &str) {
    if process::is_server() {
        framework.serve().unwrap();
        return;
    }
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    test_server(framework, this);
}

#[tokio::main]
async fn test_server(framework: Framework, this: &str) {
    let counts = Counts::wanted();
    let server = Process::start(this);
    let at_start = server.memory("VmRSS");
    let progress = Arc::new(Progress::default());

    let mut slow = JoinSet::new();
    let abouts = framework.timed().iter().cycle();
    for about in abouts.take(counts.slow) {
        let client = Slow::new(server.address(), *about, &progress);
        slow.spawn(client.run());
    }
    wait_for(
        &progress.connected,
        counts.slow,
        "slow clients are connected",
    )
    .await;
    let mut endless = JoinSet::new();
    for _ in 0..counts.endless {
        let client = Endless::new(server.address(), &progress);
        endless.spawn(client.run());
    }
    let healthy = [Connections::Reused, Connections::Fresh];
    let healthy = healthy.map(|it| Healthy::start(server.address(), it, &progress));
    wait_for(&progress.let_go, counts.slow, "slow clients are let go").await;
    for client in &healthy {
        let each = counts.healthy.div_ceil(healthy.len());
        wait_for(&client.registered, each, "registrations").await;
    }
    progress.is_over.store(true, Ordering::Relaxed);
    let [(kept, longest_kept), (fresh, longest_fresh)] = healthy.map(Healthy::end);
    let slow: ByKind = all(slow, "a slow client is let go").await;
    let endless: Endings = all(endless, "an endless body is refused").await;

    let most = server.memory("VmHWM");
    println!(
        "{framework:?}: {} slow clients let go ({slow}); {} endless bodies: {endless}; {kept} \
         registrations over a kept connection, {longest_kept:.1?} at most; {fresh} over fresh ones, \
         {longest_fresh:.1?} at most; {} KiB at the start, {} at most, {} after",
        counts.slow,
        counts.endless,
        at_start / 1024,
        most / 1024,
        server.memory("VmRSS") / 1024,
    );
    slow.check();
    assert!(endless.with(413) > 0, "{endless}");
    let (grown, bound) = (most - at_start, counts.most_bytes(kept + fresh));
    assert!(grown < bound, "grown by {grown} bytes of {bound}");
}

/// Waits for all clients of a kind.
async fn all<T: 'static, E: FromIterator<T>>(clients: JoinSet<T>, what: &str) -> E {
    let all = tokio::time::timeout(TIMEOUT, clients.join_all()).await;
    let all = all.unwrap_or_else(|_| panic!("{what}, in time"));
    all.into_iter().collect()
}

async fn wait_for(count: &AtomicUsize, whole: usize, what: &str) {
    let wait = async {
        while count.load(Ordering::Relaxed) < whole {
            sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = tokio::time::timeout(TIMEOUT, wait).await;
    waited.unwrap_or_else(|_| panic!("{count:?} of {whole} {what}"));
}

/// The number in an environment variable, or `default`.
fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| match text.parse() {
        Ok(number) if number > 0 => number,
        _ => panic!("{name} is a number from 1"),
    })
}

/// How many files this process may have open.
fn open_files() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits
        .lines()
        .find_map(|it| it.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next());
    match soft {
        Some("unlimited") => usize::MAX,
        soft => soft.and_then(|it| it.parse().ok()).expect("a limit"),
    }
}
