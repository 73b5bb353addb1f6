//! Stores that answer wrongly, fail or never answer if another call was first.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use oauth_dcr::store::{InsertOutcome, TouchOutcome, UpdateOutcome};
use tokio::task::yield_now;

use super::*;

/// An insertion that looks first, and has another answer where another insertion was first.
fn insertions_that_lose(answer: fn(InsertOutcome) -> InsertOutcome) -> Store {
    Store::new().insert_slowly(move |table, insertion| async move {
        let has_room = table.alone(|rows| {
            let is_free = rows.get(&At::of(insertion.client())).is_none();
            let is_new = !insertion.duplicate_key().is_some_and(|key| {
                let tenant = insertion.client().tenant();
                rows.keys.contains_key(&(rows.steps.key)(tenant, key))
            });
            is_free && is_new && rows.evicted(&insertion).is_some()
        });
        yield_now().await;
        let outcome = table.alone(|rows| rows.insert(&insertion))?;
        Ok(if has_room { answer(outcome) } else { outcome })
    })
}

/// A key that was taken meanwhile is told as a taken id.
fn the_loser_of_a_key_has_a_taken_id() -> Store {
    insertions_that_lose(|outcome| match outcome {
        InsertOutcome::Duplicate(_) => InsertOutcome::IdTaken,
        outcome => outcome,
    })
}

/// An id that was taken meanwhile is told as a full tenant.
fn the_loser_of_an_id_is_full() -> Store {
    insertions_that_lose(|outcome| match outcome {
        InsertOutcome::IdTaken => InsertOutcome::Full,
        outcome => outcome,
    })
}

/// A place that was taken meanwhile is told as a taken id.
fn the_loser_of_a_place_has_a_taken_id() -> Store {
    insertions_that_lose(|outcome| match outcome {
        InsertOutcome::Full => InsertOutcome::IdTaken,
        outcome => outcome,
    })
}

/// An insertion is refused where the client that it was to evict is gone.
fn the_loser_of_an_eviction_is_full() -> Store {
    Store::new().insert_slowly(|table, insertion| async move {
        let chosen = table
            .alone(|rows| rows.evicted(&insertion))
            .unwrap_or_default();
        yield_now().await;
        table.alone(|rows| {
            let tenant = insertion.client().tenant();
            if chosen
                .iter()
                .any(|id| rows.get(&At::new(tenant, id)).is_none())
            {
                return Ok(InsertOutcome::Full);
            }
            rows.insert(&insertion)
        })
    })
}

/// An update that comes second says that the client is missing.
fn the_loser_of_an_update_is_missing() -> Store {
    Store::new().update_slowly(|table, update| async move {
        let row = table.read(&At::of(update.client()));
        let followed = row.is_some_and(|row| update.follows(row.revision));
        yield_now().await;
        match table.alone(|rows| rows.update(&update))? {
            UpdateOutcome::Changed if followed => Ok(UpdateOutcome::Missing),
            outcome => Ok(outcome),
        }
    })
}

/// An update of a client that was removed meanwhile says that the client has changed.
fn the_loser_to_a_removal_has_changed() -> Store {
    Store::new().update_slowly(|table, update| async move {
        let was_there = table.read(&At::of(update.client())).is_some();
        yield_now().await;
        match table.alone(|rows| rows.update(&update))? {
            UpdateOutcome::Missing if was_there => Ok(UpdateOutcome::Changed),
            outcome => Ok(outcome),
        }
    })
}

/// A touch of a client that was removed meanwhile says that nothing is new.
fn the_loser_to_a_removal_is_unchanged() -> Store {
    Store::new().touch_slowly(|table, given| async move {
        let was_there = table.read(&given.0).is_some();
        yield_now().await;
        match table.alone(|rows| rows.touch(&given))? {
            TouchOutcome::Missing if was_there => Ok(TouchOutcome::Unchanged),
            outcome => Ok(outcome),
        }
    })
}

/// A client that is refused is seen for a moment.
fn a_refused_client_is_seen() -> Store {
    Store::new().insert_slowly(|table, insertion| async move {
        let at = At::of(insertion.client());
        let is_new = table.alone(|rows| {
            let is_new = rows.get(&at).is_none();
            if is_new {
                rows.put_row(&insertion);
            }
            is_new
        });
        yield_now().await;
        table.alone(|rows| {
            if is_new {
                let place = rows.place(&at);
                rows.stored.remove(&place);
            }
            rows.insert(&insertion)
        })
    })
}

/// How many calls are running.
#[derive(Clone, Default)]
struct AtWork(Arc<AtomicUsize>);

impl AtWork {
    /// Whether another call is running, too.
    async fn begin(&self) -> bool {
        let others = self.0.fetch_add(1, Ordering::SeqCst);
        yield_now().await;
        others > 0
    }

    fn end(&self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// An update fails while another is at work.
fn racing_updates_fail() -> Store {
    let at_work = AtWork::default();
    Store::new().update_slowly(move |table, update| {
        let at_work = at_work.clone();
        async move {
            let is_refused = at_work.begin().await;
            at_work.end();
            if is_refused {
                return Err(failure("busy"));
            }
            table.alone(|rows| rows.update(&update))
        }
    })
}

/// A touch fails while another is at work.
fn racing_touches_fail() -> Store {
    let at_work = AtWork::default();
    Store::new().touch_slowly(move |table, given| {
        let at_work = at_work.clone();
        async move {
            let is_refused = at_work.begin().await;
            at_work.end();
            if is_refused {
                return Err(failure("busy"));
            }
            table.alone(|rows| rows.touch(&given))
        }
    })
}

/// A removal never ends while another is at work.
fn racing_removals_never_end() -> Store {
    let at_work = AtWork::default();
    Store::new().remove_slowly(move |table, at| {
        let at_work = at_work.clone();
        async move {
            let is_refused = at_work.begin().await;
            at_work.end();
            if is_refused {
                return pending().await;
            }
            table.alone(|rows| rows.remove(&at))
        }
    })
}

caught! { on any runtime:
    the_loser_of_a_key_has_a_taken_id
    the_loser_of_an_id_is_full
    the_loser_of_a_place_has_a_taken_id
    the_loser_of_an_update_is_missing
    the_loser_to_a_removal_has_changed
    a_refused_client_is_seen
    racing_updates_fail
    racing_touches_fail
}

caught! { on any runtime by interleaved_calls_have_an_order:
    the_loser_of_an_eviction_is_full
    the_loser_to_a_removal_is_unchanged
}

// A rule ends by itself after a while.
caught! { on a paused clock:
    racing_removals_never_end
}
