use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Remembers that a server became read-only, so that connections that may lead to it are closed.
#[derive(Clone, Default)]
pub(super) struct Demotions(Arc<Mutex<Option<Instant>>>);

impl Demotions {
    /// Records that a connection that was open at `moment` leads to a read-only server. Connections that were opened
    /// after `moment` may lead to another server.
    pub(super) fn record(&self, moment: Instant) {
        let mut last = self.lock();
        *last = (*last).max(Some(moment));
    }

    /// Whether a connection of this age was already open at the last recorded moment.
    pub(super) fn affect(&self, age: Duration) -> bool {
        self.lock().is_some_and(|last| last.elapsed() <= age)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn older_connections_are_affected() {
        let demotions = Demotions::default();
        assert!(!demotions.affect(Duration::MAX));
        let moment = Instant::now();
        demotions.record(moment);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(demotions.affect(Duration::from_secs(3)));
        assert!(!demotions.affect(Duration::from_secs(1)));
        demotions.record(moment);
        demotions.record(moment.checked_sub(Duration::from_secs(1)).unwrap());
        assert!(demotions.affect(Duration::from_secs(2)));
        assert!(!demotions.affect(Duration::from_secs(1)));
    }
}
