//! Stores that report something other than what they did, fail, or never answer.

use std::future::pending;

use oauth_dcr::{
    client::StoredClient,
    store::{InsertOutcome, RemoveOutcome, TouchOutcome, UpdateOutcome},
};

use super::*;

/// A removal of a missing client says that it was removed.
fn a_removal_of_nothing_has_removed() -> Store {
    Store::new().remove_by(|rows, at| rows.remove(at).map(|_| RemoveOutcome::Removed))
}

/// A removal says that there was no client.
fn a_removal_says_missing() -> Store {
    Store::new().remove_by(|rows, at| rows.remove(at).map(|_| RemoveOutcome::Missing))
}

/// Blocked clients are not removed.
fn a_blocked_client_is_not_removed() -> Store {
    Store::new().remove_by(|rows, at| match rows.get(at) {
        Some(row) if row.blocked => Ok(RemoveOutcome::Missing),
        _ => rows.remove(at),
    })
}

/// A removal removes the clients of other tenants, too.
fn a_removal_is_done_in_every_tenant() -> Store {
    Store::new().remove_by(|rows, at| {
        let others = rows.stored.values().filter(|row| row.at.id == at.id);
        let others: Vec<At> = others.map(|row| row.at.clone()).collect();
        let outcome = rows.remove(at);
        for other in &others {
            rows.take(other);
        }
        outcome
    })
}

/// A client of another tenant is found.
fn clients_of_every_tenant_are_found() -> Store {
    Store::new().find_by(|rows, at| {
        let own = rows.get(at);
        let found = own.or_else(|| rows.stored.values().find(|row| row.at.id == at.id));
        Ok(found.map(Row::read))
    })
}

/// Blocked clients are not found.
fn a_blocked_client_is_not_found() -> Store {
    Store::new().find_by(|rows, at| Ok(rows.get(at).filter(|row| !row.blocked).map(Row::read)))
}

/// A missing client is an error.
fn a_missing_client_is_an_error() -> Store {
    Store::new().find_by(|rows, at| match rows.find(at)? {
        None => Err(failure("no client")),
        found => Ok(found),
    })
}

/// A tenant without clients is an error.
fn an_empty_tenant_is_an_error() -> Store {
    Store::new().list_by(|rows, page| {
        let is_known = rows.stored.values().any(|row| row.at.tenant == page.tenant);
        is_known.then_some(()).ok_or(failure("no tenant"))?;
        rows.list(page)
    })
}

/// A touch of a missing client is an error.
fn a_touch_of_a_missing_client_is_an_error() -> Store {
    Store::new().touch_by(|rows, given| match rows.touch(given)? {
        TouchOutcome::Missing => Err(failure("no client")),
        outcome => Ok(outcome),
    })
}

/// An update that comes too late is an error.
fn a_late_update_is_an_error() -> Store {
    Store::new().update_by(|rows, update| match rows.update(update)? {
        UpdateOutcome::Changed => Err(failure("a conflict")),
        outcome => Ok(outcome),
    })
}

/// A taken id is an error.
fn a_taken_id_is_an_error() -> Store {
    Store::new().insert_by(|rows, insertion| match rows.insert(insertion)? {
        InsertOutcome::IdTaken => Err(failure("a conflict")),
        outcome => Ok(outcome),
    })
}

/// A full tenant is stored in.
fn a_full_tenant_takes_one_more() -> Store {
    Store::new().insert_by(|rows, insertion| match rows.insert(insertion)? {
        InsertOutcome::Full => {
            rows.put(insertion);
            Ok(InsertOutcome::Full)
        }
        outcome => Ok(outcome),
    })
}

/// The client of a taken id is written.
fn a_taken_id_is_overwritten() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let outcome = rows.insert(insertion)?;
        if outcome == InsertOutcome::IdTaken {
            rows.put_row(insertion);
        }
        Ok(outcome)
    })
}

/// The same client once more is stored already.
fn the_same_client_again_is_inserted() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let outcome = rows.insert(insertion)?;
        let stored = rows.get(&At::of(insertion.client())).map(Row::read);
        let is_same = stored == Some(StoredClient::Readable(insertion.client().clone()));
        let is_again = is_same && outcome == InsertOutcome::IdTaken;
        Ok(if is_again {
            InsertOutcome::Inserted {
                removed: Vec::new(),
            }
        } else {
            outcome
        })
    })
}

/// A sum that is too large panics.
fn the_last_moment_panics() -> Store {
    Store::with(|steps| {
        steps.touched = |usage, activity| {
            let hour = 3_600_000_i64;
            let until = i64::try_from(activity.until().unix_millis()).unwrap();
            let _idle_since = until.checked_add(hour).expect("no overflow");
            usage.touched(activity)
        };
    })
}

/// A search for a missing client never ends.
fn a_search_never_ends() -> Store {
    Store::new().find_slowly(|table, at| async move {
        match table.alone(|rows| rows.find(&at))? {
            None => pending().await,
            found => Ok(found),
        }
    })
}

/// An insertion into a full tenant never ends.
fn an_insertion_never_ends() -> Store {
    Store::new().insert_slowly(|table, insertion| async move {
        match table.alone(|rows| rows.insert(&insertion))? {
            InsertOutcome::Full => pending().await,
            outcome => Ok(outcome),
        }
    })
}

/// A touch that evicts never ends: it waits for a turn that it has.
fn an_eviction_of_a_user_never_ends() -> Store {
    Store::new().touch_slowly(|table, given| async move {
        match table.alone(|rows| rows.touch(&given))? {
            TouchOutcome::Written { evicted } if !evicted.is_empty() => pending().await,
            outcome => Ok(outcome),
        }
    })
}

/// A removal never ends.
fn a_removal_never_ends() -> Store {
    Store::new().remove_slowly(|_, _| pending())
}

/// A sweep of nothing never ends.
fn a_sweep_of_nothing_never_ends() -> Store {
    Store::new().sweep_slowly(|table, given| async move {
        let swept = table.alone(|rows| rows.sweep(&given))?;
        if swept.is_empty() {
            pending().await
        } else {
            Ok(swept)
        }
    })
}

caught! {
    a_removal_of_nothing_has_removed
    a_removal_says_missing
    a_removal_is_done_in_every_tenant
    clients_of_every_tenant_are_found
    a_blocked_client_is_not_found
    a_missing_client_is_an_error
    an_empty_tenant_is_an_error
    a_touch_of_a_missing_client_is_an_error
    a_late_update_is_an_error
    a_taken_id_is_an_error
    a_full_tenant_takes_one_more
    a_taken_id_is_overwritten
    the_same_client_again_is_inserted
    the_last_moment_panics
}

caught! { by interleaved_calls_have_an_order:
    a_blocked_client_is_not_removed
}

// A rule ends by itself after a while.
caught! { on a paused clock:
    a_search_never_ends
    an_insertion_never_ends
    an_eviction_of_a_user_never_ends
    a_removal_never_ends
    a_sweep_of_nothing_never_ends
}
