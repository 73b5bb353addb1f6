use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Until when connections were made that may lead to a server that only reads.
#[derive(Clone, Default)]
pub(super) struct Demotions(Arc<Mutex<Option<Instant>>>);

impl Demotions {
    /// Records that a connection that was there at `moment` leads to a server that only reads. Connections that
    /// were made later may lead to another server, however late this shows.
    pub(super) fn record(&self, moment: Instant) {
        let mut last = self.lock();
        *last = (*last).max(Some(moment));
    }

    /// Whether a connection that is this old was there at the last of these moments.
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
    async fn connections_from_before_are_affected() {
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
