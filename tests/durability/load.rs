//! Registrations over many connections at once. Each connection sends its next registration when
//! the last one is answered.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};

use crate::{ledger::Acknowledged, requests, wire::Connection};

pub(crate) const CONNECTIONS: usize = 32;

/// The time limit of every wait on a server.
const LIMIT: Duration = Duration::from_mins(1);

/// A tenant whose clients are stored by one statement, and a tenant whose clients are stored in
/// turn.
const TENANTS: [&str; 2] = ["open", "deduplicating"];

/// The settings of both tenants.
pub(crate) fn settings() -> Value {
    let open = json!({ "rate_limit": null });
    let deduplicating =
        json!({ "rate_limit": null, "fold_identical": true, "max_clients": 10_000_000 });
    json!({ "tenants": [requests::tenant("open", open), requests::tenant("deduplicating", deduplicating)] })
}

/// The answers so far.
#[derive(Default)]
struct Answered {
    acknowledged: Mutex<Vec<Registered>>,
    refused: AtomicUsize,
    is_over: AtomicBool,
}

/// A request that was acknowledged, when it was sent, and when it was answered.
struct Registered {
    start: Instant,
    end: Instant,
    acknowledged: Acknowledged,
}

impl Answered {
    fn first_after(&self, moment: Instant) -> Option<Instant> {
        let acknowledged = self.acknowledged.lock().unwrap();
        let mut moments = acknowledged.iter().map(|it| it.end);
        moments.find(|at| *at > moment)
    }
}

pub(crate) struct Load {
    answered: Arc<Answered>,
    next: Arc<AtomicUsize>,
    connections: JoinSet<()>,
}

impl Load {
    /// Starts at the server at `base` with the registration number `next`.
    pub(crate) fn on(base: &str, next: &Arc<AtomicUsize>) -> Self {
        let mut load = Self {
            answered: Arc::default(),
            next: Arc::clone(next),
            connections: JoinSet::new(),
        };
        for _ in 0..CONNECTIONS {
            let (answered, next) = (Arc::clone(&load.answered), Arc::clone(&load.next));
            let base = base.to_owned();
            load.connections.spawn(async move {
                if let Ok(mut connection) = Connection::open(&base).await {
                    register(&mut connection, &answered, &next).await;
                }
            });
        }
        load
    }

    pub(crate) fn count(&self) -> usize {
        self.answered.acknowledged.lock().unwrap().len()
    }

    /// Waits until this many are acknowledged.
    pub(crate) async fn acknowledged(&self, count: usize) {
        let deadline = Instant::now() + LIMIT;
        while self.count() < count {
            assert!(Instant::now() < deadline, "{} of {count}", self.count());
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// The registrations acknowledged so far.
    pub(crate) fn acknowledged_so_far(&self) -> Vec<Acknowledged> {
        let acknowledged = self.answered.acknowledged.lock().unwrap();
        acknowledged
            .iter()
            .map(|it| it.acknowledged.clone())
            .collect()
    }

    /// Waits until this many more are refused.
    pub(crate) async fn refused(&self, more: usize) {
        let deadline = Instant::now() + LIMIT;
        let refused = || self.answered.refused.load(Ordering::Relaxed);
        let count = refused() + more;
        while refused() < count {
            assert!(Instant::now() < deadline, "{} of {count}", refused());
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// How many of the acknowledged requests were sent after `moment`.
    pub(crate) fn sent_after(&self, moment: Instant) -> usize {
        let acknowledged = self.answered.acknowledged.lock().unwrap();
        acknowledged.iter().filter(|it| it.start > moment).count()
    }

    /// When the first was acknowledged after `moment`.
    pub(crate) async fn first_after(&self, moment: Instant) -> Instant {
        let deadline = Instant::now() + LIMIT;
        loop {
            if let Some(first) = self.answered.first_after(moment) {
                return first;
            }
            assert!(Instant::now() < deadline, "nothing is acknowledged again");
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// How many connections the server has not closed.
    pub(crate) fn connections(&mut self) -> usize {
        while self
            .connections
            .try_join_next()
            .is_some_and(|it| it.is_ok())
        {}
        self.connections.len()
    }

    /// Ends the load after all running requests are answered or cut off. Returns the acknowledged
    /// registrations and the number of refused ones.
    pub(crate) async fn end(mut self) -> (Vec<Acknowledged>, usize) {
        self.answered.is_over.store(true, Ordering::Relaxed);
        while let Some(ended) = self.connections.join_next().await {
            ended.unwrap();
        }
        let answered = Arc::into_inner(self.answered).expect("all have ended");
        let acknowledged = answered.acknowledged.into_inner().unwrap();
        let acknowledged = acknowledged.into_iter().map(|it| it.acknowledged).collect();
        (acknowledged, answered.refused.into_inner())
    }
}

/// Registers one client after another until the load ends or the server is gone.
async fn register(connection: &mut Connection, answered: &Answered, next: &AtomicUsize) {
    while !answered.is_over.load(Ordering::Relaxed) {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let tenant = TENANTS[number / 5 % 2];
        let request = requests::register(tenant, &requests::metadata(number));
        let start = Instant::now();
        let Ok(answer) = connection.send(request).await else {
            return;
        };
        if answer.status == 503 {
            answered.refused.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        let acknowledged = Acknowledged::new(tenant, &answer);
        let mut all = answered.acknowledged.lock().unwrap();
        all.push(Registered {
            start,
            end: Instant::now(),
            acknowledged,
        });
    }
}
