use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// When a server was last found to only read. Connections from before may lead to the same server.
#[derive(Clone, Default)]
pub(super) struct Demotions(Arc<Mutex<Option<Instant>>>);

impl Demotions {
    /// Records that a server only reads.
    pub(super) fn record(&self) {
        *self.lock() = Some(Instant::now());
    }

    /// Whether a connection that is this old was made before the last of them.
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
        demotions.record();
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(demotions.affect(Duration::from_secs(3)));
        assert!(!demotions.affect(Duration::from_secs(1)));
    }
}
