//! Stores that leave a part of a client behind when they remove it.

use oauth_dcr::{
    ClientId, TenantId,
    store::{InsertOutcome, RemoveOutcome, TouchOutcome, Usage},
};

use super::*;

/// How a client ends.
#[derive(Clone, Copy)]
enum End {
    Removal,
    Sweep,
    Eviction,
    UserEviction,
}

/// A store in which clients that end in one way leave a part behind. `leave` receives the ended
/// clients.
fn ending(end: End, leave: fn(&mut Rows, Vec<Row>)) -> Store {
    let store = Store::new();
    match end {
        End::Removal => store.remove_slowly(move |table, at| async move {
            table.alone(|rows| {
                let row = rows.take(&at);
                let is_removed = row.is_some();
                leave(rows, row.into_iter().collect());
                let removed = is_removed.then_some(RemoveOutcome::Removed);
                Ok(removed.unwrap_or(RemoveOutcome::Missing))
            })
        }),
        End::Sweep => store.sweep_slowly(move |table, given| async move {
            table.alone(|rows| {
                let due = rows.due(&given);
                let ended = take(rows, &given.0, &due);
                leave(rows, ended);
                Ok(due)
            })
        }),
        End::Eviction => store.insert_slowly(move |table, insertion| async move {
            table.alone(|rows| {
                let tenant = insertion.client().tenant();
                let before: Vec<Row> = rows.of(tenant).cloned().collect();
                let outcome = rows.insert(&insertion)?;
                if let InsertOutcome::Inserted { removed } = &outcome {
                    let is_gone = |row: &Row| removed.contains(&row.at.id);
                    leave(rows, before.into_iter().filter(is_gone).collect());
                }
                Ok(outcome)
            })
        }),
        End::UserEviction => store.touch_slowly(move |table, given| async move {
            table.alone(|rows| {
                let before: Vec<Row> = rows.of(&given.0.tenant).cloned().collect();
                let outcome = rows.touch(&given)?;
                if let TouchOutcome::Written { evicted } = &outcome {
                    let is_gone = |row: &Row| evicted.contains(&row.at.id);
                    leave(rows, before.into_iter().filter(is_gone).collect());
                }
                Ok(outcome)
            })
        }),
    }
}

fn take(rows: &mut Rows, tenant: &TenantId, ids: &[ClientId]) -> Vec<Row> {
    let ended = ids.iter().filter_map(|id| rows.take(&At::new(tenant, id)));
    ended.collect()
}

/// Leaves the duplicate keys, as if the clients were there.
fn keys(rows: &mut Rows, ended: Vec<Row>) {
    for row in ended {
        if let Some(key) = row.key {
            let key = (rows.steps.key)(&row.at.tenant, key);
            rows.keys.insert(key, row.at);
        }
    }
}

/// A removal leaves the duplicate key.
fn a_removal_leaves_the_key() -> Store {
    ending(End::Removal, keys)
}

/// A sweep leaves the duplicate keys.
fn a_sweep_leaves_the_keys() -> Store {
    ending(End::Sweep, keys)
}

/// An eviction leaves the duplicate keys.
fn an_eviction_leaves_the_keys() -> Store {
    ending(End::Eviction, keys)
}

/// An eviction for the limit of a user leaves the duplicate keys.
fn an_eviction_of_a_user_leaves_the_keys() -> Store {
    ending(End::UserEviction, keys)
}

/// Keeps the rows for the next client with the id.
fn rows_for_the_next(rows: &mut Rows, ended: Vec<Row>) {
    for row in ended {
        let place = rows.place(&row.at);
        rows.left.insert(place, row);
    }
}

/// A store in which the next client with the id of an ended client gets a part of it, if the client
/// ended in this way. Evictions for new clients are not among the ways.
fn handing_on(end: End, hand_on: fn(&mut Row, Row)) -> Store {
    let store = ending(end, rows_for_the_next);
    store.insert_slowly(move |table, insertion| async move {
        table.alone(|rows| {
            let outcome = rows.insert(&insertion)?;
            let place = rows.place(&At::of(insertion.client()));
            let left = rows.left.remove(&place);
            if let (InsertOutcome::Inserted { .. }, Some(left)) = (&outcome, left) {
                rows.stored
                    .entry(place)
                    .and_modify(|row| hand_on(row, left));
            }
            Ok(outcome)
        })
    })
}

/// The next client with the id of a removed client has its usage.
fn a_removal_leaves_the_usage() -> Store {
    handing_on(End::Removal, |row, left| row.usage = left.usage)
}

/// The next client with the id of a removed client has its user.
fn a_removal_leaves_the_user() -> Store {
    handing_on(End::Removal, |row, left| {
        let (usage, user) = (row.usage, left.usage.user());
        row.usage = Usage::from_parts(usage.is_used(), usage.idle_since(), user, false);
    })
}

/// The next client with the id of a removed client is blocked as it was.
fn a_removal_leaves_the_block() -> Store {
    handing_on(End::Removal, |row, left| row.blocked |= left.blocked)
}

/// The next client with the id of a removed client goes on from its revision.
fn a_removal_leaves_the_revision() -> Store {
    handing_on(End::Removal, |row, left| {
        row.revision = row.revision.max(left.revision);
    })
}

/// The next client with the id of a swept client has its usage.
fn a_sweep_leaves_the_usage() -> Store {
    handing_on(End::Sweep, |row, left| row.usage = left.usage)
}

/// The next client with the id of a client that a user lost has its usage.
fn an_eviction_of_a_user_leaves_the_usage() -> Store {
    handing_on(End::UserEviction, |row, left| row.usage = left.usage)
}

/// The next client with the id of a removed client has its key, unless it brings a key of its own.
fn a_removal_leaves_the_key_for_the_next() -> Store {
    let store = handing_on(End::Removal, |_, _| {});
    store.insert_by(|rows, insertion| {
        let place = rows.place(&At::of(insertion.client()));
        let key = rows.left.remove(&place).and_then(|left| left.key);
        let outcome = rows.insert(insertion)?;
        if let (InsertOutcome::Inserted { .. }, Some(key), None) =
            (&outcome, key, insertion.duplicate_key())
        {
            let again = oauth_dcr::store::Insertion::new(std::sync::Arc::clone(insertion.client()));
            rows.put_key(&again.deduplicated_by(Some(key)));
        }
        Ok(outcome)
    })
}

caught! {
    a_removal_leaves_the_key
    a_sweep_leaves_the_keys
    an_eviction_leaves_the_keys
    an_eviction_of_a_user_leaves_the_keys
    a_removal_leaves_the_usage
    a_removal_leaves_the_block
    a_removal_leaves_the_revision
}

caught! { by interleaved_calls_have_an_order:
    a_removal_leaves_the_user
    a_sweep_leaves_the_usage
    an_eviction_of_a_user_leaves_the_usage
    a_removal_leaves_the_key_for_the_next
}
