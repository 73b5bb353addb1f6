//! Stores that evict the clients of a user at the wrong time, or report other clients.

use std::cmp::Reverse;

use oauth_dcr::{
    ClientId,
    store::{Activity, TouchOutcome},
};

use super::{
    steps::{bytes, idle_order},
    *,
};

/// A touch of another user's client evicts the clients of the user who touches it.
fn a_touch_of_anothers_client_evicts() -> Store {
    Store::new().touch_by(|rows, given| {
        let (at, activity) = given;
        let outcome = rows.touch(given)?;
        let (TouchOutcome::Written { evicted }, Some(limit)) = (&outcome, activity.limit()) else {
            return Ok(outcome);
        };
        let mut theirs = rows.seen(&at.tenant);
        theirs.retain(|(id, blocked, usage)| {
            *id != at.id && !blocked && usage.user() == Some(limit.user)
        });
        theirs.sort_by_key(|seen| idle_order(seen.2.is_shared(), seen));
        theirs.truncate(
            theirs
                .len()
                .saturating_sub(limit.max.get().try_into().unwrap_or(usize::MAX)),
        );
        let mut evicted = evicted.clone();
        evicted.extend(theirs.into_iter().map(|seen| seen.0));
        rows.take_all(&at.tenant, &evicted);
        Ok(TouchOutcome::Written { evicted })
    })
}

/// A limit is applied when the client gets a user, and not later.
fn a_users_limit_is_for_new_clients() -> Store {
    Store::new().touch_by(|rows, (at, activity)| {
        let has_user = rows.get(at).is_some_and(|row| row.usage.user().is_some());
        let limited = *activity;
        let unlimited = activity.max_clients_per_user(None);
        rows.touch(&(at.clone(), if has_user { unlimited } else { limited }))
    })
}

/// A limit is applied although the activity changes nothing.
fn an_unchanged_touch_evicts() -> Store {
    Store::new().touch_by(|rows, given| {
        let outcome = rows.touch(given)?;
        if let (TouchOutcome::Unchanged, Some(limit)) = (&outcome, given.1.limit()) {
            let evicted = rows.evicted_by(limit, &given.0);
            rows.take_all(&given.0.tenant, &evicted);
        }
        Ok(outcome)
    })
}

/// The clients of a user are looked for in every tenant.
fn a_user_is_the_same_in_every_tenant() -> Store {
    Store::new().touch_by(|rows, given| {
        let (at, activity) = given;
        let outcome = rows.touch(&(at.clone(), activity.max_clients_per_user(None)))?;
        let (TouchOutcome::Written { .. }, Some(limit)) = (&outcome, activity.limit()) else {
            return Ok(outcome);
        };
        let theirs = rows
            .stored
            .values()
            .filter(|row| row.usage.user() == Some(limit.user));
        let mut theirs: Vec<Row> = theirs.filter(|row| !row.blocked).cloned().collect();
        if !theirs.iter().any(|row| row.at == *at) {
            return Ok(outcome);
        }
        let evictions = limit.evictions(theirs.len() as u64);
        theirs.retain(|row| row.at != *at);
        theirs.sort_by_key(|row| {
            (
                idle_order(row.usage.is_shared(), &row.seen()),
                row.at.clone(),
            )
        });
        let evicted = (0..evictions)
            .zip(theirs)
            .filter_map(|(_, row)| rows.take(&row.at));
        let evicted = evicted.map(|row| row.at.id).collect();
        Ok(TouchOutcome::Written { evicted })
    })
}

/// Changes which clients a touch says that it has evicted.
fn reporting(change: fn(&mut Vec<ClientId>)) -> Store {
    Store::new().touch_slowly(move |table, given| async move {
        let mut outcome = table.alone(|rows| rows.touch(&given))?;
        if let TouchOutcome::Written { evicted } = &mut outcome {
            change(evicted);
        }
        Ok(outcome)
    })
}

/// A touch does not say which clients it has evicted.
fn evictions_of_a_user_are_not_told() -> Store {
    reporting(Vec::clear)
}

/// A touch says which clients it has evicted in the order of their ids.
fn evictions_of_a_user_are_told_by_id() -> Store {
    reporting(|evicted| evicted.sort_by_key(bytes))
}

/// A touch says which clients it has evicted in the opposite order.
fn evictions_of_a_user_are_told_backwards() -> Store {
    reporting(|evicted| evicted.sort_by_cached_key(|id| Reverse(bytes(id))))
}

/// Registering again counts as a use by nobody, and a client is no longer the user's.
fn a_duplicate_forgets_the_user() -> Store {
    Store::with(|steps| {
        steps.registered_again = |usage, activity: Activity| {
            let touched = usage.touched(activity)?;
            let (is_used, since) = (touched.is_used(), touched.idle_since());
            Some(oauth_dcr::store::Usage::from_parts(
                is_used, since, None, false,
            ))
        };
    })
}

caught! {
    a_touch_of_anothers_client_evicts
    a_users_limit_is_for_new_clients
    an_unchanged_touch_evicts
    a_user_is_the_same_in_every_tenant
    evictions_of_a_user_are_not_told
    evictions_of_a_user_are_told_by_id
    evictions_of_a_user_are_told_backwards
    a_duplicate_forgets_the_user
}
