//! Stores whose touches, removals and sweeps are half done if the caller disappears. They run one
//! call after another, so that no race shows the fault.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use oauth_dcr::{ClientId, store::TouchOutcome};
use tokio::task::yield_now;

use super::*;

/// A touch writes the usage, and then evicts.
fn a_touch_evicts_later() -> Store {
    let store = Store::new().touch_slowly(|table, (at, activity)| async move {
        let unlimited = (at.clone(), activity.max_clients_per_user(None));
        let outcome = table.alone(|rows| rows.touch(&unlimited))?;
        yield_now().await;
        let (TouchOutcome::Written { .. }, Some(limit)) = (&outcome, activity.limit()) else {
            return Ok(outcome);
        };
        table.alone(|rows| {
            let evicted = rows.evicted_by(limit, &at);
            rows.take_all(&at.tenant, &evicted);
            Ok(TouchOutcome::Written { evicted })
        })
    });
    store.one_by_one()
}

/// A touch evicts, and then writes the usage.
fn a_touch_evicts_first() -> Store {
    let store = Store::new().touch_slowly(|table, given| async move {
        let usage = || table.alone(|rows| rows.get(&given.0).map(|row| row.usage));
        let before = usage();
        let outcome = table.alone(|rows| rows.touch(&given))?;
        if let (Some(before), Some(touched)) = (before, usage()) {
            table.alone(|rows| rows.change(&given.0, |row| row.usage = before));
            yield_now().await;
            table.alone(|rows| rows.change(&given.0, |row| row.usage = touched));
        }
        Ok(outcome)
    });
    store.one_by_one()
}

/// A touch evicts one client after the other.
fn a_touch_evicts_one_by_one() -> Store {
    let store = Store::new().touch_slowly(|table, (at, activity)| async move {
        let unlimited = (at.clone(), activity.max_clients_per_user(None));
        let outcome = table.alone(|rows| rows.touch(&unlimited))?;
        let (TouchOutcome::Written { .. }, Some(limit)) = (&outcome, activity.limit()) else {
            return Ok(outcome);
        };
        let evicted = table.alone(|rows| rows.evicted_by(limit, &at));
        for id in &evicted {
            table.alone(|rows| rows.take(&At::new(&at.tenant, id)));
            yield_now().await;
        }
        Ok(TouchOutcome::Written { evicted })
    });
    store.one_by_one()
}

/// A touch writes that the client is used, and then by whom.
fn a_touch_writes_the_user_later() -> Store {
    let store = Store::new().touch_slowly(|table, (at, activity)| async move {
        let had_user =
            table.alone(|rows| rows.get(&at).is_some_and(|row| row.usage.user().is_some()));
        if activity.user().is_some() && !had_user {
            table.alone(|rows| rows.touch(&(at.clone(), activity.by(None))))?;
            yield_now().await;
        }
        table.alone(|rows| match rows.touch(&(at, activity))? {
            TouchOutcome::Unchanged if !had_user && activity.user().is_some() => {
                Ok(TouchOutcome::Written {
                    evicted: Vec::new(),
                })
            }
            outcome => Ok(outcome),
        })
    });
    store.one_by_one()
}

/// A removal removes the client, and then frees its key.
fn a_removal_frees_the_key_later() -> Store {
    let store = Store::new().remove_slowly(|table, at| async move {
        let (outcome, key) = table.alone(|rows| {
            let key = rows.get_mut(&at).and_then(|row| row.key.take());
            (rows.remove(&at), key)
        });
        yield_now().await;
        table.alone(|rows| rows.take_key(&at, key));
        outcome
    });
    store.one_by_one()
}

/// A removal frees the key, and then removes the client.
fn a_removal_frees_the_key_first() -> Store {
    let store = Store::new().remove_slowly(|table, at| async move {
        table.alone(|rows| rows.free_key(&at));
        yield_now().await;
        table.alone(|rows| rows.remove(&at))
    });
    store.one_by_one()
}

/// A removal forgets the usage, and then removes the client.
fn a_removal_forgets_the_usage_first() -> Store {
    let store = Store::new().remove_slowly(|table, at| async move {
        table.alone(|rows| {
            rows.change(&at, |row| {
                row.usage = oauth_dcr::store::Usage::registered(row.usage.idle_since());
            });
        });
        yield_now().await;
        table.alone(|rows| rows.remove(&at))
    });
    store.one_by_one()
}

/// A sweep removes one client after the other.
fn a_sweep_removes_one_by_one() -> Store {
    let store = Store::new().sweep_slowly(|table, given| async move {
        let due = table.alone(|rows| rows.due(&given));
        for id in &due {
            table.alone(|rows| rows.take(&At::new(&given.0, id)));
            yield_now().await;
        }
        Ok(due)
    });
    store.one_by_one()
}

/// A sweep removes the clients in groups of two.
fn a_sweep_removes_two_by_two() -> Store {
    let store = Store::new().sweep_slowly(|table, given| async move {
        let due = table.alone(|rows| rows.due(&given));
        for ids in due.chunks(2) {
            table.alone(|rows| rows.take_all(&given.0, ids));
            yield_now().await;
        }
        Ok(due)
    });
    store.one_by_one()
}

/// A sweep removes the clients, and then frees their keys.
fn a_sweep_frees_the_keys_later() -> Store {
    let store = Store::new().sweep_slowly(|table, given| async move {
        let (due, keys) = table.alone(|rows| {
            let due = rows.due(&given);
            let at = |id: &ClientId| At::new(&given.0, id);
            let keys = due
                .iter()
                .map(|id| (at(id), rows.get_mut(&at(id)).and_then(|row| row.key.take())));
            let keys: Vec<_> = keys.collect();
            rows.take_all(&given.0, &due);
            (due, keys)
        });
        yield_now().await;
        table.alone(|rows| keys.iter().for_each(|(at, key)| rows.take_key(at, *key)));
        Ok(due)
    });
    store.one_by_one()
}

/// A flag says which call is running. A caller that disappears leaves the flag set.
#[derive(Clone, Default)]
struct Busy(Arc<AtomicBool>);

impl Busy {
    async fn work<T>(&self, work: impl FnOnce() -> Answer<T>) -> Answer<T> {
        if self.0.swap(true, Ordering::SeqCst) {
            return Err(failure("busy"));
        }
        yield_now().await;
        self.0.store(false, Ordering::SeqCst);
        work()
    }
}

/// The caller of an insertion goes away, and every later insertion fails.
fn an_abandoned_insertion_keeps_the_lock() -> Store {
    let busy = Busy::default();
    let store = Store::new().insert_slowly(move |table, insertion| {
        let busy = busy.clone();
        async move {
            busy.work(|| table.alone(|rows| rows.insert(&insertion)))
                .await
        }
    });
    store.one_by_one()
}

/// The caller of a search goes away, and every later search fails.
fn an_abandoned_search_keeps_the_lock() -> Store {
    let busy = Busy::default();
    let store = Store::new().find_slowly(move |table, at| {
        let busy = busy.clone();
        async move { busy.work(|| table.alone(|rows| rows.find(&at))).await }
    });
    store.one_by_one()
}

/// The caller of a touch goes away, and every later touch fails.
fn an_abandoned_touch_keeps_the_lock() -> Store {
    let busy = Busy::default();
    let store = Store::new().touch_slowly(move |table, given| {
        let busy = busy.clone();
        async move { busy.work(|| table.alone(|rows| rows.touch(&given))).await }
    });
    store.one_by_one()
}

/// The caller of a removal goes away, and every later removal waits.
fn an_abandoned_removal_keeps_others_waiting() -> Store {
    let busy = Busy::default();
    let store = Store::new().remove_slowly(move |table, at| {
        let busy = busy.clone();
        async move {
            let outcome = busy.work(|| table.alone(|rows| rows.remove(&at))).await;
            match outcome {
                Err(_) => std::future::pending().await,
                outcome => outcome,
            }
        }
    });
    store.one_by_one()
}

caught! { by an_abandoned_call_of_many_is_all_or_nothing:
    a_touch_evicts_one_by_one
}

caught! { by an_abandoned_insertion_is_all_or_nothing:
    an_abandoned_insertion_keeps_the_lock
}

caught! { by an_abandoned_read_changes_nothing:
    an_abandoned_search_keeps_the_lock
}

caught! { by an_abandoned_removal_is_all_or_nothing:
    a_removal_frees_the_key_later
    a_removal_frees_the_key_first
    a_removal_forgets_the_usage_first
}

caught! { by an_abandoned_sweep_is_all_or_nothing:
    a_sweep_removes_one_by_one
    a_sweep_removes_two_by_two
    a_sweep_frees_the_keys_later
}

caught! { by an_abandoned_touch_is_all_or_nothing:
    a_touch_evicts_later
    a_touch_evicts_first
    a_touch_writes_the_user_later
    an_abandoned_touch_keeps_the_lock
}

caught! { on a paused clock:
    an_abandoned_removal_keeps_others_waiting
}
