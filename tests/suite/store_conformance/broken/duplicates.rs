//! Stores that are wrong about clients that register the same.

use std::sync::Arc;

use oauth_dcr::{
    Timestamp,
    store::{Activity, InsertOutcome, Insertion, Usage},
};

use super::{steps::whole_key, *};

fn again(registered_again: fn(Usage, Activity) -> Option<Usage>) -> Store {
    Store::with(|steps| steps.registered_again = registered_again)
}

/// A store that finds no duplicate of some clients, and stores the new client instead.
fn ignoring(is_ignored: fn(&Row) -> bool) -> Store {
    Store::new().insert_slowly(move |table, insertion| async move {
        table.alone(|rows| {
            let owner = owner(rows, &insertion);
            if owner.is_some_and(|row| is_ignored(&row)) {
                let key = insertion.duplicate_key().unwrap();
                rows.keys
                    .remove(&whole_key(insertion.client().tenant(), key));
            }
            rows.insert(&insertion)
        })
    })
}

/// The row with the key of an insertion.
fn owner(rows: &Rows, insertion: &Insertion) -> Option<Row> {
    let key = insertion.duplicate_key()?;
    let at = rows
        .keys
        .get(&whole_key(insertion.client().tenant(), key))?;
    rows.get(at).cloned()
}

/// The key of a blocked client is free: the same program registers again, and is not blocked.
fn a_blocked_client_has_no_duplicates() -> Store {
    ignoring(|row| row.blocked)
}

/// The key of a used client is free.
fn a_used_client_has_no_duplicates() -> Store {
    ignoring(|row| row.usage.is_used())
}

/// The key of a client that was updated is free.
fn an_updated_client_has_no_duplicates() -> Store {
    ignoring(|row| row.revision > 0)
}

/// The key of a client of a user is free.
fn a_users_client_has_no_duplicates() -> Store {
    ignoring(|row| row.usage.user().is_some())
}

/// The key of a client is free when the client is idle for three hours.
fn keys_end_after_three_hours() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let issued_at = insertion.client().issued_at();
        let owner = owner(rows, insertion);
        let while_it_lasts = std::time::Duration::from_hours(3);
        let since = owner
            .as_ref()
            .map_or(Timestamp::MAX, |row| row.usage.idle_since());
        if since.saturating_add(while_it_lasts) < issued_at {
            let key = insertion.duplicate_key().unwrap();
            rows.keys
                .remove(&whole_key(insertion.client().tenant(), key));
        }
        rows.insert(insertion)
    })
}

/// The id is looked at before the key.
fn the_id_comes_before_the_key() -> Store {
    Store::new().insert_by(|rows, insertion| {
        if rows.get(&At::of(insertion.client())).is_some() {
            return Ok(InsertOutcome::IdTaken);
        }
        rows.insert(insertion)
    })
}

/// A client is stored, and its key is taken from the client that had it.
fn the_last_client_has_the_key() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let other = Insertion::new(Arc::clone(insertion.client()));
        if rows.get(&At::of(insertion.client())).is_some() {
            return rows.insert(insertion);
        }
        let outcome = rows.insert(&other)?;
        rows.put_key(insertion);
        Ok(outcome)
    })
}

/// A client whose id is taken takes the key with it.
fn a_taken_id_takes_the_key() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let outcome = rows.insert(insertion)?;
        if outcome == InsertOutcome::IdTaken {
            rows.put_key(insertion);
        }
        Ok(outcome)
    })
}

/// A duplicate is given back as it wanted to register.
fn a_duplicate_is_the_new_client() -> Store {
    Store::new().insert_by(|rows, insertion| match rows.insert(insertion)? {
        InsertOutcome::Duplicate(_) => Ok(InsertOutcome::Duplicate(Arc::clone(insertion.client()))),
        outcome => Ok(outcome),
    })
}

/// A duplicate is given back as it was when it registered.
fn a_duplicate_is_as_it_registered() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let outcome = rows.insert(insertion)?;
        let place = format!("{:?}", insertion.duplicate_key());
        match (&outcome, owner(rows, insertion)) {
            (InsertOutcome::Inserted { .. }, Some(row)) => {
                rows.left.insert(place, row);
            }
            (InsertOutcome::Duplicate(_), Some(row)) => {
                let first = rows.left.get(&place).filter(|first| first.at == row.at);
                return Ok(InsertOutcome::Duplicate(first.unwrap_or(&row).client()?));
            }
            _ => {}
        }
        Ok(outcome)
    })
}

/// A duplicate is given back with the block and the revision of its record.
fn a_duplicate_is_as_its_record() -> Store {
    Store::new().insert_by(|rows, insertion| match rows.insert(insertion)? {
        InsertOutcome::Duplicate(client) => {
            let row = rows.get(&At::of(&client)).ok_or(failure("no row"))?;
            let client = serde_json::from_str(&row.record);
            Ok(InsertOutcome::Duplicate(Arc::new(
                client.map_err(|_| failure("no client"))?,
            )))
        }
        outcome => Ok(outcome),
    })
}

/// A duplicate does not touch the client.
fn a_duplicate_does_not_touch() -> Store {
    again(|_, _| None)
}

/// A duplicate sets the time, also to an earlier time.
fn a_duplicate_may_set_an_earlier_time() -> Store {
    again(|usage, activity| {
        let (is_used, since) = (usage.is_used(), activity.idle_since());
        Some(Usage::from_parts(
            is_used,
            since,
            usage.user(),
            usage.is_shared(),
        ))
    })
}

/// A duplicate sets the time, whether or not the hour is over.
fn a_duplicate_is_always_written() -> Store {
    again(|usage, activity| {
        let since = usage.idle_since().max(activity.idle_since());
        Some(Usage::from_parts(
            usage.is_used(),
            since,
            usage.user(),
            usage.is_shared(),
        ))
    })
}

/// A duplicate begins a new usage.
fn a_duplicate_begins_a_new_usage() -> Store {
    again(|_, activity| Some(Usage::registered(activity.idle_since())))
}

/// A duplicate sets the time of its registration, without the hour that follows.
fn a_duplicate_has_no_hour() -> Store {
    again(|usage, activity| {
        let touched = usage.touched(activity)?;
        let since = usage.idle_since().max(activity.until());
        Some(Usage::from_parts(
            touched.is_used(),
            since,
            touched.user(),
            touched.is_shared(),
        ))
    })
}

/// A duplicate does not touch a client that is used.
fn a_duplicate_touches_unused_clients() -> Store {
    again(|usage, activity| usage.touched(activity).filter(|_| !usage.is_used()))
}

/// A duplicate changes the revision.
fn a_duplicate_changes_the_revision() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let outcome = rows.insert(insertion)?;
        if let InsertOutcome::Duplicate(client) = &outcome {
            rows.change(&At::of(client), |row| row.revision += 1);
        }
        Ok(outcome)
    })
}

/// A duplicate unblocks the client.
fn a_duplicate_ends_a_block() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let outcome = rows.insert(insertion)?;
        if let InsertOutcome::Duplicate(client) = &outcome {
            rows.change(&At::of(client), |row| row.blocked = false);
        }
        Ok(outcome)
    })
}

/// A duplicate is stored under its own id, too.
fn a_duplicate_is_stored() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let outcome = rows.insert(insertion)?;
        let is_new = rows.get(&At::of(insertion.client())).is_none();
        if is_new && matches!(outcome, InsertOutcome::Duplicate(_)) {
            rows.put(&Insertion::new(Arc::clone(insertion.client())));
        }
        Ok(outcome)
    })
}

/// Keys are for clients without a limit.
fn a_limit_ignores_the_key() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let key = insertion.duplicate_key();
        if let Some(key) = key.filter(|_| insertion.has_limit()) {
            let tenant = insertion.client().tenant();
            rows.keys.remove(&whole_key(tenant, key));
        }
        rows.insert(insertion)
    })
}

caught! {
    a_blocked_client_has_no_duplicates
    a_used_client_has_no_duplicates
    an_updated_client_has_no_duplicates
    a_users_client_has_no_duplicates
    keys_end_after_three_hours
    the_id_comes_before_the_key
    the_last_client_has_the_key
    a_taken_id_takes_the_key
    a_duplicate_is_the_new_client
    a_duplicate_is_as_it_registered
    a_duplicate_is_as_its_record
    a_duplicate_does_not_touch
    a_duplicate_may_set_an_earlier_time
    a_duplicate_is_always_written
    a_duplicate_begins_a_new_usage
    a_duplicate_has_no_hour
    a_duplicate_changes_the_revision
    a_duplicate_ends_a_block
    a_duplicate_is_stored
    a_limit_ignores_the_key
}

caught! { by an_abandoned_insertion_is_all_or_nothing:
    a_duplicate_touches_unused_clients
}
