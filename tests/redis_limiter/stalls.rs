//! When the machine held up everything, the limiter or not.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use redis::{Client, aio::MultiplexedConnection};
use tokio::{task::JoinHandle, time::sleep};

use crate::{load::Seen, private_redis::PrivateRedis};

/// A round trip takes well below a millisecond. The limiter waits 250 ms.
const STALL: Duration = Duration::from_millis(100);

/// A request that timed out lets others fail until the next attempt.
const AFTERMATH: Duration = Duration::from_millis(400);

/// Asks servers without the limiter, and notes when that took long.
pub(crate) struct Stalls {
    seen: Arc<Mutex<Vec<(Instant, Instant)>>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Stalls {
    pub(crate) async fn of(nodes: &[&PrivateRedis]) -> Self {
        let seen = Arc::default();
        let mut tasks = Vec::new();
        for node in nodes {
            let client = Client::open(node.url()).unwrap();
            let connection = client.get_multiplexed_async_connection().await;
            tasks.push(tokio::spawn(watch(connection.unwrap(), Arc::clone(&seen))));
        }
        Self { seen, tasks }
    }

    /// Whether the machine can be why this request failed.
    pub(crate) fn excuse(&self, failed: &Seen) -> bool {
        let stalls = self.seen.lock().unwrap();
        let mut stalls = stalls.iter();
        stalls.any(|&(start, end)| start < failed.end && failed.start < end + AFTERMATH)
    }
}

impl Drop for Stalls {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn watch(mut connection: MultiplexedConnection, seen: Arc<Mutex<Vec<(Instant, Instant)>>>) {
    loop {
        let start = Instant::now();
        // A time-out of this connection is a stall, too.
        let _ = connection.send_packed_command(&redis::cmd("PING")).await;
        sleep(Duration::from_millis(5)).await;
        let end = Instant::now();
        if end - start > STALL {
            seen.lock().unwrap().push((start, end));
        }
    }
}
