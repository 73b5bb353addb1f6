//! Runs several calls at once.

use std::{collections::BTreeMap, panic::resume_unwind, sync::Arc};

use tokio::{sync::Barrier, task::JoinSet};

use crate::conformance::store::fixture::fail;

/// Runs all racers at once, as far as the runtime allows, and returns their outcomes in the order of the racers. The
/// first panic stops the other racers and is passed on.
pub(super) async fn race<T, F>(racers: impl IntoIterator<Item = F>) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let racers: Vec<F> = racers.into_iter().collect();
    let start = Arc::new(Barrier::new(racers.len()));
    let mut running = JoinSet::new();
    for (index, racer) in racers.into_iter().enumerate() {
        let start = Arc::clone(&start);
        running.spawn(async move {
            start.wait().await;
            (index, racer.await)
        });
    }
    let mut outcomes = BTreeMap::new();
    while let Some(ended) = running.join_next().await {
        match ended {
            Ok((index, outcome)) => drop(outcomes.insert(index, outcome)),
            Err(error) => {
                running.shutdown().await;
                match error.try_into_panic() {
                    Ok(panic) => resume_unwind(panic),
                    Err(error) => fail("a race ends", &error),
                }
            }
        }
    }
    outcomes.into_values().collect()
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn outcomes_are_in_the_order_of_racers() {
        let racers = (0..5_u32).map(|number| async move {
            for _ in number..5 {
                tokio::task::yield_now().await;
            }
            number
        });
        assert_eq!(race(racers).await, [0, 1, 2, 3, 4]);
    }

    #[tokio::test]
    async fn the_first_panic_stops_the_other_racers() {
        let guard = Arc::new(());
        let racers = [false, true].map(|panics| {
            let guard = Arc::clone(&guard);
            async move {
                assert!(!panics, "the second racer");
                pending::<()>().await;
                drop(guard);
            }
        });
        let panic = tokio::spawn(race(racers)).await.unwrap_err().into_panic();
        let message = panic.downcast_ref::<&str>().copied();
        assert_eq!(message, Some("the second racer"));
        assert_eq!(Arc::strong_count(&guard), 1, "no racer is left");
    }
}
