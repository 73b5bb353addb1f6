//! Stores that are wrong about the clients of one user.

use oauth_dcr::{
    ClientId,
    store::{TouchOutcome, UserLimit},
};

use super::{
    steps::{Order, Seen, idle_order, longest_idle_of_user},
    *,
};

fn evicting(order: fn(&ClientId, &Seen) -> Option<Order>) -> Store {
    Store::with(|steps| steps.evicted_of_user = order)
}

fn evicting_as_many(evictions: fn(UserLimit, u64) -> u64) -> Store {
    Store::with(|steps| steps.user_evictions = evictions)
}

/// The client that is touched may be evicted.
fn the_touched_client_is_evicted() -> Store {
    evicting(|_, seen| (!seen.1).then(|| idle_order(seen.2.is_shared(), seen)))
}

/// The client that was used last is evicted.
fn a_users_newest_client_is_evicted() -> Store {
    evicting(|touched, seen| {
        let (is_shared, since, id) = longest_idle_of_user(touched, seen)?;
        Some((is_shared, u64::MAX - since, id))
    })
}

/// Of clients that are idle for as long, that with the highest id is evicted.
fn a_users_highest_id_is_evicted() -> Store {
    evicting(|touched, seen| {
        let (is_shared, since, id) = longest_idle_of_user(touched, seen)?;
        Some((is_shared, since, id.into_iter().map(|byte| !byte).collect()))
    })
}

/// Clients are evicted by their ids.
fn a_users_lowest_id_is_evicted() -> Store {
    evicting(|touched, seen| {
        longest_idle_of_user(touched, seen).map(|(is_shared, _, id)| (is_shared, 0, id))
    })
}

/// Idle times are compared in hours.
fn a_users_idle_times_are_hours() -> Store {
    evicting(|touched, seen| {
        let (is_shared, since, id) = longest_idle_of_user(touched, seen)?;
        Some((is_shared, since / 3_600_000, id))
    })
}

/// Shared clients are evicted like the others.
fn a_users_shared_clients_are_like_others() -> Store {
    evicting(|touched, seen| {
        longest_idle_of_user(touched, seen).map(|(_, since, id)| (false, since, id))
    })
}

/// Shared clients are evicted first.
fn a_users_shared_clients_go_first() -> Store {
    evicting(|touched, seen| {
        longest_idle_of_user(touched, seen).map(|(is_shared, since, id)| (!is_shared, since, id))
    })
}

/// Shared clients are never evicted.
fn a_users_shared_clients_stay() -> Store {
    evicting(|touched, seen| longest_idle_of_user(touched, seen).filter(|order| !order.0))
}

/// Blocked clients are evicted.
fn a_users_blocked_clients_are_evicted() -> Store {
    Store::with(|steps| {
        steps.evicted_of_user =
            |touched, seen| (seen.0 != *touched).then(|| idle_order(seen.2.is_shared(), seen));
    })
}

/// Blocked clients count.
fn a_users_blocked_clients_count() -> Store {
    Store::with(|steps| steps.counts_for_user = |_| true)
}

/// Shared clients do not count.
fn a_users_shared_clients_do_not_count() -> Store {
    Store::with(|steps| {
        steps.counts_for_user = |(_, blocked, usage)| !blocked && !usage.is_shared();
    })
}

/// Clients with a live grant are not evicted.
fn a_users_live_grants_stay() -> Store {
    Store::new().touch_by(|rows, given| {
        let (at, activity) = given;
        let evicted = rows.touch(&(at.clone(), activity.max_clients_per_user(None)))?;
        let (TouchOutcome::Written { .. }, Some(limit)) = (&evicted, activity.limit()) else {
            return Ok(evicted);
        };
        let mut evicted = rows.evicted_by(limit, at);
        evicted.retain(|id| {
            let row = rows.get(&At::new(&at.tenant, id));
            row.is_some_and(|row| row.usage.idle_since() < activity.until())
        });
        rows.take_all(&at.tenant, &evicted);
        Ok(TouchOutcome::Written { evicted })
    })
}

/// Each call evicts one client.
fn one_client_of_a_user_is_evicted() -> Store {
    evicting_as_many(|limit, clients| limit.evictions(clients).min(1))
}

/// Each call evicts 99 clients.
fn at_most_99_clients_of_a_user_are_evicted() -> Store {
    evicting_as_many(|limit, clients| limit.evictions(clients).min(99))
}

/// Each call evicts all that are too many.
fn all_clients_over_a_users_limit_are_evicted() -> Store {
    evicting_as_many(|limit, clients| clients.saturating_sub(limit.max.get()))
}

/// The touched client does not count.
fn a_user_may_have_one_client_more() -> Store {
    evicting_as_many(|limit, clients| limit.evictions(clients.saturating_sub(1)))
}

/// A limit that is reached evicts one client.
fn a_user_may_have_one_client_less() -> Store {
    evicting_as_many(|limit, clients| {
        let most = limit.max.get().saturating_sub(1).max(1);
        clients.saturating_sub(most).min(100)
    })
}

/// A user's limit has 32 bits.
fn a_users_limit_has_32_bits() -> Store {
    evicting_as_many(|limit, clients| {
        let low = limit.max.get() & 0xffff_ffff;
        clients.saturating_sub(low).min(100)
    })
}

/// A user's limit is a number with a sign.
fn a_users_limit_has_a_sign() -> Store {
    evicting_as_many(|limit, clients| {
        let max = limit.max.get().cast_signed().max(0).unsigned_abs();
        clients.saturating_sub(max).min(100)
    })
}

/// Clients of any user count and are evicted.
fn the_clients_of_any_user_are_evicted() -> Store {
    Store::with(|steps| steps.is_theirs = |_, seen| seen.2.user().is_some())
}

/// A client that was used by nobody is anybody's.
fn the_clients_of_nobody_are_evicted() -> Store {
    Store::with(|steps| {
        steps.is_theirs = |limit, seen| seen.2.user().is_none_or(|user| user == limit.user);
    })
}

caught! {
    the_touched_client_is_evicted
    a_users_newest_client_is_evicted
    a_users_highest_id_is_evicted
    a_users_lowest_id_is_evicted
    a_users_idle_times_are_hours
    a_users_shared_clients_are_like_others
    a_users_shared_clients_go_first
    a_users_shared_clients_stay
    a_users_blocked_clients_are_evicted
    a_users_blocked_clients_count
    a_users_shared_clients_do_not_count
    a_users_live_grants_stay
    one_client_of_a_user_is_evicted
    at_most_99_clients_of_a_user_are_evicted
    all_clients_over_a_users_limit_are_evicted
    a_user_may_have_one_client_more
    a_user_may_have_one_client_less
    a_users_limit_has_32_bits
    a_users_limit_has_a_sign
    the_clients_of_any_user_are_evicted
    the_clients_of_nobody_are_evicted
}
