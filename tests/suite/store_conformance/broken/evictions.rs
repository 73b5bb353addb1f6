//! Stores that evict for a new client at the wrong time, or report other clients.

use oauth_dcr::{ClientId, store::InsertOutcome};

use super::{
    steps::{bytes, is_evictable},
    *,
};

/// Only the first thousand clients are looked at.
fn evictions_look_at_a_thousand_clients() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let client = insertion.client();
        let tenant = client.tenant();
        let is_known = rows.get(&At::of(client)).is_some() || rows.duplicate(insertion)?.is_some();
        let mut hidden: Vec<Row> = rows.of(tenant).skip(1000).cloned().collect();
        if is_known || hidden.is_empty() {
            return rows.insert(insertion);
        }
        hidden.retain(|row| !row.blocked);
        for row in &hidden {
            rows.change(&row.at, |row| row.blocked = true);
        }
        let outcome = rows.insert(insertion);
        for row in hidden {
            rows.change(&row.at, |row| row.blocked = false);
        }
        outcome
    })
}

/// A tenant is full where fewer clients can be evicted than are too many.
fn a_tenant_is_full_unless_all_go() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let tenant = insertion.client().tenant();
        let wanted = insertion.evictions(rows.seen(tenant).len() as u64);
        let evictable = rows
            .seen(tenant)
            .into_iter()
            .filter(|seen| is_evictable(insertion, seen));
        let too_few = (evictable.count() as u64) < wanted;
        let is_known = rows.get(&At::of(insertion.client())).is_some();
        if too_few && !is_known && rows.duplicate(insertion)?.is_none() {
            return Ok(InsertOutcome::Full);
        }
        rows.insert(insertion)
    })
}

/// The new client may be evicted for itself.
fn the_new_client_is_evicted() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let outcome = rows.insert(insertion)?;
        let InsertOutcome::Inserted { removed } = &outcome else {
            return Ok(outcome);
        };
        let (tenant, issued_at) = (insertion.client().tenant(), insertion.client().issued_at());
        let is_older = |row: &Row| !row.usage.is_used() && row.usage.idle_since() > issued_at;
        if !removed.is_empty() && rows.of(tenant).any(is_older) {
            rows.take(&At::of(insertion.client()));
        }
        Ok(outcome)
    })
}

/// Clients are evicted before the key and the id are looked at.
fn evictions_come_first() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let tenant = insertion.client().tenant();
        let removed = rows.evicted(insertion).unwrap_or_default();
        let is_taken = rows.get(&At::of(insertion.client())).is_some();
        if is_taken || rows.duplicate(insertion)?.is_some() {
            rows.take_all(tenant, &removed);
        }
        rows.insert(insertion)
    })
}

/// The limit is looked at before the id.
fn the_limit_comes_before_the_id() -> Store {
    Store::new().insert_by(|rows, insertion| {
        if rows.duplicate(insertion)?.is_none() && rows.evicted(insertion).is_none() {
            return Ok(InsertOutcome::Full);
        }
        rows.insert(insertion)
    })
}

/// The limit is looked at before the key.
fn the_limit_comes_before_the_key() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let is_taken = rows.get(&At::of(insertion.client())).is_some();
        if !is_taken && rows.evicted(insertion).is_none() {
            return Ok(InsertOutcome::Full);
        }
        rows.insert(insertion)
    })
}

/// A client that has no room keeps its key.
fn a_client_without_room_has_a_key() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let outcome = rows.insert(insertion)?;
        if outcome == InsertOutcome::Full {
            rows.put_key(insertion);
        }
        Ok(outcome)
    })
}

/// A full tenant loses a used client.
fn a_full_tenant_loses_a_client() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let outcome = rows.insert(insertion)?;
        if outcome == InsertOutcome::Full {
            let first = rows.of(insertion.client().tenant()).next();
            let at = first.map(|row| row.at.clone());
            at.map(|at| rows.take(&at));
        }
        Ok(outcome)
    })
}

/// Changes which clients an insertion says that it has evicted.
fn reporting(change: fn(&mut Vec<ClientId>)) -> Store {
    Store::new().insert_slowly(move |table, insertion| async move {
        let mut outcome = table.alone(|rows| rows.insert(&insertion))?;
        if let InsertOutcome::Inserted { removed } = &mut outcome {
            change(removed);
        }
        Ok(outcome)
    })
}

/// An insertion does not say which clients it has evicted.
fn evictions_are_not_told() -> Store {
    reporting(Vec::clear)
}

/// An insertion says which clients it has evicted in the order of their ids.
fn evictions_are_told_by_id() -> Store {
    reporting(|removed| removed.sort_by_key(bytes))
}

/// An insertion says which clients it has evicted in the opposite order.
fn evictions_are_told_backwards() -> Store {
    reporting(|removed| removed.reverse())
}

/// An insertion says one of the clients that it has evicted.
fn one_eviction_is_told() -> Store {
    reporting(|removed| removed.truncate(1))
}

caught! {
    a_tenant_is_full_unless_all_go
    the_new_client_is_evicted
    evictions_come_first
    the_limit_comes_before_the_id
    the_limit_comes_before_the_key
    a_client_without_room_has_a_key
    a_full_tenant_loses_a_client
    evictions_are_not_told
    evictions_are_told_by_id
    evictions_are_told_backwards
    one_eviction_is_told
}

caught! { by a_tenant_may_have_thousands_of_clients:
    evictions_look_at_a_thousand_clients
}
