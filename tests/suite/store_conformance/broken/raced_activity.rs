//! Stores whose touches, removals and sweeps look, wait once, and then write.

use oauth_dcr::store::{RemoveOutcome, TouchOutcome};
use tokio::task::yield_now;

use super::*;

/// Touches write the whole row.
fn touches_write_the_row_back() -> Store {
    Store::new().touch_slowly(|table, given| async move {
        let before = table.read(&given.0);
        yield_now().await;
        table.alone(|rows| {
            if let Some(row) = before {
                rows.write_back(row);
            }
            rows.touch(&given)
        })
    })
}

/// Touches write the block back, and nothing else that they read.
fn touches_write_the_block_back() -> Store {
    Store::new().touch_slowly(|table, given| async move {
        let before = table.read(&given.0);
        yield_now().await;
        table.alone(|rows| {
            if let (Some(row), Some(before)) = (rows.get_mut(&given.0), before) {
                row.blocked = before.blocked;
            }
            rows.touch(&given)
        })
    })
}

/// Touches write the usage that they have read before.
fn touches_write_the_usage_back() -> Store {
    Store::new().touch_slowly(|table, given| async move {
        let before = table.read(&given.0);
        yield_now().await;
        table.alone(|rows| {
            if let (Some(row), Some(before)) = (rows.get_mut(&given.0), before) {
                row.usage = before.usage;
            }
            rows.touch(&given)
        })
    })
}

/// Touches that say the same are each written.
fn touches_look_whether_they_are_written() -> Store {
    Store::new().touch_slowly(|table, given| async move {
        let before = table.read(&given.0);
        let says_more = before.is_some_and(|row| row.usage.touched(given.1).is_some());
        yield_now().await;
        table.alone(|rows| match rows.touch(&given)? {
            TouchOutcome::Unchanged if says_more => Ok(TouchOutcome::Written {
                evicted: Vec::new(),
            }),
            outcome => Ok(outcome),
        })
    })
}

/// Touches store a client that was removed meanwhile.
fn touches_bring_clients_back() -> Store {
    Store::new().touch_slowly(|table, given| async move {
        let before = table.read(&given.0);
        yield_now().await;
        table.alone(|rows| {
            if let Some(row) = before.filter(|row| rows.get(&row.at).is_none()) {
                *rows.count(&row.at.tenant) += 1;
                rows.stored.insert(rows.place(&row.at), row);
            }
            rows.touch(&given)
        })
    })
}

/// Touches of a client that was removed meanwhile say that they were written.
fn touches_of_removed_clients_are_written() -> Store {
    Store::new().touch_slowly(|table, given| async move {
        let was_there = table.read(&given.0).is_some();
        yield_now().await;
        table.alone(|rows| match rows.touch(&given)? {
            TouchOutcome::Missing if was_there => Ok(TouchOutcome::Written {
                evicted: Vec::new(),
            }),
            outcome => Ok(outcome),
        })
    })
}

/// Touches choose whom they evict, and evict them later.
fn touches_choose_first() -> Store {
    Store::new().touch_slowly(|table, (at, activity)| async move {
        let unlimited = (at.clone(), activity.max_clients_per_user(None));
        let (outcome, chosen) = table.alone(|rows| {
            let outcome = rows.touch(&unlimited);
            let limit = activity
                .limit()
                .filter(|_| matches!(outcome, Ok(TouchOutcome::Written { .. })));
            (
                outcome,
                limit.map_or_else(Vec::new, |limit| rows.evicted_by(limit, &at)),
            )
        });
        yield_now().await;
        table.alone(|rows| rows.take_all(&at.tenant, &chosen));
        let is_written = matches!(outcome, Ok(TouchOutcome::Written { .. }));
        if is_written {
            Ok(TouchOutcome::Written { evicted: chosen })
        } else {
            outcome
        }
    })
}

/// Touches count a user's clients first, and evict as many too few later.
fn touches_count_first() -> Store {
    Store::new().touch_slowly(|table, (at, activity)| async move {
        let had_room = table.alone(|rows| {
            let theirs =
                |row: &&Row| row.usage.user() == activity.user() && !row.blocked && row.at != at;
            let clients = rows.of(&at.tenant).filter(theirs).count() as u64;
            activity
                .limit()
                .is_none_or(|limit| clients < limit.max.get())
        });
        yield_now().await;
        let limited = if had_room {
            activity.max_clients_per_user(None)
        } else {
            activity
        };
        table.alone(|rows| rows.touch(&(at, limited)))
    })
}

/// Removals look whether there is a client, and each of two removes it.
fn removals_look_first() -> Store {
    Store::new().remove_slowly(|table, at| async move {
        let was_there = table.read(&at).is_some();
        yield_now().await;
        let outcome = table.alone(|rows| rows.remove(&at))?;
        Ok(if was_there {
            RemoveOutcome::Removed
        } else {
            outcome
        })
    })
}

/// Removals free the key that the client had before, which may be another client's by then.
fn removals_free_the_key_they_read() -> Store {
    Store::new().remove_slowly(|table, at| async move {
        let key = table.read(&at).and_then(|row| row.key);
        yield_now().await;
        table.alone(|rows| {
            let outcome = rows.remove(&at);
            rows.take_key(&at, key);
            outcome
        })
    })
}

/// Removals free the key after the client is gone.
fn removals_free_the_key_later() -> Store {
    Store::new().remove_slowly(|table, at| async move {
        let key = table.read(&at).and_then(|row| row.key);
        let outcome = table.alone(|rows| rows.remove(&at))?;
        yield_now().await;
        table.alone(|rows| rows.take_key(&at, key));
        Ok(outcome)
    })
}

/// Sweeps choose first, and remove what was touched or blocked meanwhile.
fn sweeps_choose_first() -> Store {
    Store::new().sweep_slowly(|table, given| async move {
        let mut due = table.alone(|rows| rows.due(&given));
        yield_now().await;
        table.alone(|rows| {
            due.retain(|id| rows.take(&At::new(&given.0, id)).is_some());
            Ok(due)
        })
    })
}

/// Sweeps choose first, and remove what was blocked meanwhile.
fn sweeps_look_at_blocks_first() -> Store {
    Store::new().sweep_slowly(|table, given| async move {
        let mut due = table.alone(|rows| rows.due(&given));
        yield_now().await;
        table.alone(|rows| {
            due.retain(|id| {
                let at = At::new(&given.0, id);
                let is_due = rows
                    .get(&at)
                    .is_some_and(|row| given.1.removes(false, row.usage));
                is_due && rows.take(&at).is_some()
            });
            Ok(due)
        })
    })
}

/// Sweeps choose first, and tell clients that another call has removed.
fn sweeps_tell_what_they_chose() -> Store {
    Store::new().sweep_slowly(|table, given| async move {
        let due = table.alone(|rows| rows.due(&given));
        yield_now().await;
        table.alone(|rows| rows.sweep(&given))?;
        Ok(due)
    })
}

caught! { on any runtime:
    touches_write_the_row_back
    touches_write_the_usage_back
    touches_look_whether_they_are_written
    touches_bring_clients_back
    touches_of_removed_clients_are_written
    touches_choose_first
    removals_look_first
    removals_free_the_key_they_read
    sweeps_choose_first
    sweeps_tell_what_they_chose
}

caught! { on any runtime by interleaved_calls_have_an_order:
    touches_count_first
    touches_write_the_block_back
    removals_free_the_key_later
    sweeps_look_at_blocks_first
}
