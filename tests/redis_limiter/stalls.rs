//! The times in which the machine held up everything, with or without the limiter.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use private_servers::PrivateRedis;
use redis::Connection;

use crate::{connection, load::Seen};

/// A round trip takes well below a millisecond. The limiter waits 250 ms.
const STALL: Duration = Duration::from_millis(100);

/// After a request has timed out, further requests fail until the next attempt.
const AFTERMATH: Duration = Duration::from_millis(400);

/// Sends commands to servers without the limiter and records the slow ones. It uses its own
/// threads, so a limiter that blocks its runtime is not recorded as a stall.
pub(crate) struct Stalls {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    seen: Mutex<Vec<(Instant, Instant)>>,
    has_ended: AtomicBool,
}

impl Stalls {
    pub(crate) fn of(nodes: &[&PrivateRedis]) -> Self {
        let shared = Arc::new(Shared::default());
        for node in nodes {
            let (connection, shared) = (connection(node), Arc::clone(&shared));
            thread::spawn(move || watch(connection, &shared));
        }
        Self { shared }
    }

    /// Whether a stall of the machine can explain the failure of this request.
    pub(crate) fn excuse(&self, failed: &Seen) -> bool {
        let stalls = self.shared.seen.lock().unwrap();
        let mut stalls = stalls.iter();
        stalls.any(|&(start, end)| start < failed.end && failed.start < end + AFTERMATH)
    }

    /// For how long the machine has stalled since this moment.
    pub(crate) fn time_since(&self, moment: Instant) -> Duration {
        let stalls = self.shared.seen.lock().unwrap();
        let stalls = stalls.iter();
        stalls
            .map(|&(start, end)| end.saturating_duration_since(start.max(moment)))
            .sum()
    }
}

impl Drop for Stalls {
    fn drop(&mut self) {
        self.shared.has_ended.store(true, SeqCst);
    }
}

fn watch(mut connection: Connection, shared: &Shared) {
    while !shared.has_ended.load(SeqCst) {
        let start = Instant::now();
        // The server may have been stopped by now.
        if redis::cmd("PING").exec(&mut connection).is_err() {
            return;
        }
        thread::sleep(Duration::from_millis(5));
        let end = Instant::now();
        if end - start > STALL {
            shared.seen.lock().unwrap().push((start, end));
        }
    }
}
