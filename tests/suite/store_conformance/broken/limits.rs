//! Stores that are wrong about the limit of a tenant.

use oauth_dcr::store::Insertion;

use super::{
    steps::{Order, Seen, idle_order, longest_idle},
    *,
};

fn evicting(order: fn(&Insertion, &Seen) -> Option<Order>) -> Store {
    Store::with(|steps| steps.evicted = order)
}

fn evicting_as_many(evictions: fn(&Insertion, u64) -> u64) -> Store {
    Store::with(|steps| steps.evictions = evictions)
}

/// The limit of an insertion, changed without its knowledge: with this many clients, the insertion
/// evicts one.
fn limit(insertion: &Insertion) -> u64 {
    let (mut below, mut reached) = (0, u64::MAX);
    while insertion.has_limit() && reached - below > 1 {
        let middle = below + (reached - below) / 2;
        if insertion.evictions(middle) == 0 {
            below = middle;
        } else {
            reached = middle;
        }
    }
    reached
}

/// A tenant may have one client more than its limit.
fn a_tenant_may_have_one_client_more() -> Store {
    evicting_as_many(|insertion, clients| insertion.evictions(clients.saturating_sub(1)))
}

/// A tenant may have one client less than its limit.
fn a_tenant_may_have_one_client_less() -> Store {
    evicting_as_many(|insertion, clients| match clients {
        0 => 0,
        _ => insertion
            .evictions(clients + 1)
            .min(insertion.evictions(clients).max(1)),
    })
}

/// Each insertion evicts one client, though a limit was lowered.
fn one_client_is_evicted() -> Store {
    evicting_as_many(|insertion, clients| insertion.evictions(clients).min(1))
}

/// Each insertion evicts 99 clients.
fn at_most_99_clients_are_evicted() -> Store {
    evicting_as_many(|insertion, clients| insertion.evictions(clients).min(99))
}

/// Each insertion evicts all that are too many.
fn all_clients_over_the_limit_are_evicted() -> Store {
    evicting_as_many(|insertion, clients| {
        (clients + 1).saturating_sub(limit(insertion)).min(clients)
    })
}

/// A limit has 32 bits.
fn a_limit_has_32_bits() -> Store {
    evicting_as_many(|insertion, clients| {
        if !insertion.has_limit() {
            return 0;
        }
        (clients + 1)
            .saturating_sub(limit(insertion) & 0xffff_ffff)
            .min(100)
    })
}

/// A limit is a number of 32 bits with a sign.
fn a_limit_has_31_bits() -> Store {
    evicting_as_many(|insertion, clients| {
        if !insertion.has_limit() {
            return 0;
        }
        let limit = i32::try_from(limit(insertion)).unwrap_or(0).unsigned_abs();
        (clients + 1).saturating_sub(limit.into()).min(100)
    })
}

/// The newest client is evicted.
fn the_newest_client_is_evicted() -> Store {
    evicting(|insertion, seen| {
        let (is_used, since, id) = longest_idle(insertion, seen)?;
        Some((is_used, u64::MAX - since, id))
    })
}

/// Of clients that are idle for as long, that with the highest id is evicted.
fn the_highest_id_is_evicted() -> Store {
    evicting(|insertion, seen| {
        let (is_used, since, id) = longest_idle(insertion, seen)?;
        Some((is_used, since, id.into_iter().map(|byte| !byte).collect()))
    })
}

/// Of clients that are idle for as long, that whose id is lowest without case is evicted.
fn the_lowest_id_without_case_is_evicted() -> Store {
    evicting(|insertion, seen| {
        let (is_used, since, id) = longest_idle(insertion, seen)?;
        Some((is_used, since, id.to_ascii_lowercase()))
    })
}

/// Idle times are compared in seconds.
fn idle_times_are_compared_in_seconds() -> Store {
    evicting(|insertion, seen| {
        let (is_used, since, id) = longest_idle(insertion, seen)?;
        Some((is_used, since / 1000, id))
    })
}

/// Used clients that are idle are evicted first.
fn used_clients_are_evicted_first() -> Store {
    evicting(|insertion, seen| {
        let (is_used, since, id) = longest_idle(insertion, seen)?;
        Some((!is_used, since, id))
    })
}

/// Used clients that are idle are evicted like the others.
fn used_clients_are_evicted_like_others() -> Store {
    evicting(|insertion, seen| {
        longest_idle(insertion, seen).map(|(_, since, id)| (false, since, id))
    })
}

/// Only clients that were never used are evicted.
fn used_clients_are_never_evicted() -> Store {
    evicting(|insertion, seen| longest_idle(insertion, seen).filter(|order| !order.0))
}

/// Used clients are evicted whether or not they have a live grant.
fn live_grants_are_evicted() -> Store {
    evicting(|_, seen| (!seen.1).then(|| idle_order(seen.2.is_used(), seen)))
}

/// A client that is idle since now is evicted.
fn a_client_idle_since_now_is_evicted() -> Store {
    evicting(|insertion, seen| {
        let is_idle = seen.2.idle_since() <= insertion.idle_before();
        (!seen.1 && (!seen.2.is_used() || is_idle)).then(|| idle_order(seen.2.is_used(), seen))
    })
}

/// A client that was never used is not evicted by a client that registered before.
fn later_clients_are_not_evicted() -> Store {
    evicting(|insertion, seen| {
        let is_idle = seen.2.idle_since() <= insertion.idle_before();
        longest_idle(insertion, seen).filter(|_| is_idle)
    })
}

/// Blocked clients are evicted.
fn blocked_clients_are_evicted() -> Store {
    evicting(|insertion, seen| {
        let unblocked = (seen.0.clone(), false, seen.2);
        longest_idle(insertion, &unblocked)
    })
}

/// Clients of a user are not evicted.
fn clients_of_a_user_are_not_evicted() -> Store {
    evicting(|insertion, seen| longest_idle(insertion, seen).filter(|_| seen.2.user().is_none()))
}

/// Shared clients are evicted last.
fn shared_clients_are_evicted_last() -> Store {
    evicting(|insertion, seen| {
        let (is_used, since, id) = longest_idle(insertion, seen)?;
        let later = if seen.2.is_shared() { u64::MAX / 2 } else { 0 };
        Some((is_used, since / 2 + later, id))
    })
}

caught! {
    a_tenant_may_have_one_client_more
    a_tenant_may_have_one_client_less
    one_client_is_evicted
    at_most_99_clients_are_evicted
    all_clients_over_the_limit_are_evicted
    a_limit_has_32_bits
    a_limit_has_31_bits
    the_newest_client_is_evicted
    the_highest_id_is_evicted
    the_lowest_id_without_case_is_evicted
    idle_times_are_compared_in_seconds
    used_clients_are_evicted_first
    used_clients_are_evicted_like_others
    used_clients_are_never_evicted
    live_grants_are_evicted
    a_client_idle_since_now_is_evicted
    later_clients_are_not_evicted
    blocked_clients_are_evicted
    clients_of_a_user_are_not_evicted
    shared_clients_are_evicted_last
}
