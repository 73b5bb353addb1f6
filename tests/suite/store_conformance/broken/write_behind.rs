//! Stores that answer first, and write later.

use oauth_dcr::store::{BlockOutcome, InsertOutcome, RemoveOutcome, TouchOutcome, UpdateOutcome};
use tokio::task::yield_now;

use super::*;

/// Does the rest of a call after its caller has the answer.
fn later(table: &Table, rest: impl FnOnce(&mut Rows) + Send + 'static) {
    let table = table.clone();
    tokio::spawn(async move {
        yield_now().await;
        table.alone(rest);
    });
}

/// Insertions are written after the answer.
fn insertions_are_written_later() -> Store {
    Store::new().insert_slowly(|table, insertion| async move {
        let client = insertion.client();
        let at = At::of(client);
        let outcome = table.alone(|rows| rows.insert(&insertion))?;
        let row = table.alone(|rows| match outcome {
            InsertOutcome::Inserted { .. } => rows.take(&at),
            _ => None,
        });
        if let Some(row) = row {
            later(&table, move |rows| rows.put_back(row));
        }
        Ok(outcome)
    })
}

/// Updates are written after the answer.
fn updates_are_written_later() -> Store {
    Store::new().update_slowly(|table, update| async move {
        let row = table.read(&At::of(update.client()));
        Ok(match row {
            None => UpdateOutcome::Missing,
            Some(row) if !update.follows(row.revision) => UpdateOutcome::Changed,
            Some(_) => {
                later(&table, move |rows| drop(rows.update(&update)));
                UpdateOutcome::Updated
            }
        })
    })
}

/// Blocks are written after the answer.
fn blocks_are_written_later() -> Store {
    Store::new().block_slowly(|table, given| async move {
        let Some(row) = table.read(&given.0) else {
            return Ok(BlockOutcome::Missing);
        };
        later(&table, move |rows| drop(rows.set_blocked(&given)));
        let revision = row.revision.saturating_add(1);
        Ok(BlockOutcome::Written { revision })
    })
}

/// Removals are done after the answer.
fn removals_are_done_later() -> Store {
    Store::new().remove_slowly(|table, at| async move {
        if table.read(&at).is_none() {
            return Ok(RemoveOutcome::Missing);
        }
        later(&table, move |rows| drop(rows.remove(&at)));
        Ok(RemoveOutcome::Removed)
    })
}

/// Activity is written after the answer, unless it evicts.
fn activity_is_written_later() -> Store {
    Store::new().touch_slowly(|table, given| async move {
        let row = table.read(&given.0);
        let touched = row.map(|row| row.usage.touched(given.1));
        Ok(match touched {
            _ if given.1.limit().is_some() => return table.alone(|rows| rows.touch(&given)),
            None => TouchOutcome::Missing,
            Some(None) => TouchOutcome::Unchanged,
            Some(Some(_)) => {
                later(&table, move |rows| drop(rows.touch(&given)));
                TouchOutcome::Written {
                    evicted: Vec::new(),
                }
            }
        })
    })
}

/// The clients of a user are evicted after the answer.
fn evictions_of_a_user_are_done_later() -> Store {
    Store::new().touch_slowly(|table, (at, activity)| async move {
        let unlimited = (at.clone(), activity.max_clients_per_user(None));
        let outcome = table.alone(|rows| rows.touch(&unlimited))?;
        let (TouchOutcome::Written { .. }, Some(limit)) = (&outcome, activity.limit()) else {
            return Ok(outcome);
        };
        let evicted = table.alone(|rows| rows.evicted_by(limit, &at));
        let gone = evicted.clone();
        later(&table, move |rows| rows.take_all(&at.tenant, &gone));
        Ok(TouchOutcome::Written { evicted })
    })
}

/// Sweeps are done after the answer.
fn sweeps_are_done_later() -> Store {
    Store::new().sweep_slowly(|table, given| async move {
        let due = table.alone(|rows| rows.due(&given));
        let gone = due.clone();
        later(&table, move |rows| rows.take_all(&given.0, &gone));
        Ok(due)
    })
}

/// Keys are freed after the answer to a removal.
fn keys_are_freed_later() -> Store {
    Store::new().remove_slowly(|table, at| async move {
        let key = table.read(&at).and_then(|row| row.key);
        let outcome = table.alone(|rows| {
            rows.change(&at, |row| row.key = None);
            rows.remove(&at)
        });
        later(&table, move |rows| rows.take_key(&at, key));
        outcome
    })
}

caught! { on any runtime:
    insertions_are_written_later
    updates_are_written_later
    blocks_are_written_later
    removals_are_done_later
    activity_is_written_later
    evictions_of_a_user_are_done_later
    sweeps_are_done_later
    keys_are_freed_later
}
