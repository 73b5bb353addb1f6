//! Stores whose counts drift away from their rows.

use oauth_dcr::store::{InsertOutcome, RemoveOutcome, Sweep, TouchOutcome, UpdateOutcome};

use super::*;

pub(super) fn signed(number: usize) -> i64 {
    i64::try_from(number).unwrap()
}

/// A removal leaves the count.
fn a_removal_leaves_the_count() -> Store {
    Store::new().remove_by(|rows, at| {
        let outcome = rows.remove(at)?;
        *rows.count(&at.tenant) += i64::from(outcome == RemoveOutcome::Removed);
        Ok(outcome)
    })
}

/// A removal of nothing lowers the count.
fn a_removal_of_nothing_lowers_the_count() -> Store {
    Store::new().remove_by(|rows, at| {
        let outcome = rows.remove(at)?;
        *rows.count(&at.tenant) -= i64::from(outcome == RemoveOutcome::Missing);
        Ok(outcome)
    })
}

/// A sweep leaves the count.
fn a_sweep_leaves_the_count() -> Store {
    Store::new().sweep_by(|rows, given| {
        let swept = rows.sweep(given)?;
        *rows.count(&given.0) += signed(swept.len());
        Ok(swept)
    })
}

/// A sweep lowers the count by one, whatever it removes.
fn a_sweep_lowers_the_count_by_one() -> Store {
    Store::new().sweep_by(|rows, given| {
        let swept = rows.sweep(given)?;
        *rows.count(&given.0) += (signed(swept.len()) - 1).max(0);
        Ok(swept)
    })
}

/// A sweep lowers the count by its limit.
fn a_sweep_lowers_the_count_by_its_limit() -> Store {
    Store::new().sweep_by(|rows, given| {
        let (swept, limit) = (rows.sweep(given)?, i64::from(given.1.max_removed()));
        let is_limited = given.1.max_removed() < Sweep::MAX_LIMIT;
        *rows.count(&given.0) -= (limit - signed(swept.len())) * i64::from(is_limited);
        Ok(swept)
    })
}

/// An eviction for a new client leaves the count.
fn an_eviction_leaves_the_count() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let outcome = rows.insert(insertion)?;
        if let InsertOutcome::Inserted { removed } = &outcome {
            *rows.count(insertion.client().tenant()) += signed(removed.len());
        }
        Ok(outcome)
    })
}

/// The count is lowered by the evictions that were wanted, of which fewer were possible.
fn wanted_evictions_are_counted() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let tenant = insertion.client().tenant();
        let clients = u64::try_from(*rows.count(tenant)).unwrap_or(0);
        let wanted = usize::try_from(insertion.evictions(clients)).unwrap();
        let outcome = rows.insert(insertion)?;
        if let InsertOutcome::Inserted { removed } = &outcome {
            *rows.count(tenant) -= signed(wanted) - signed(removed.len());
        }
        Ok(outcome)
    })
}

/// An eviction for the limit of a user leaves the count.
fn an_eviction_of_a_user_leaves_the_count() -> Store {
    Store::new().touch_by(|rows, given| {
        let outcome = rows.touch(given)?;
        if let TouchOutcome::Written { evicted } = &outcome {
            *rows.count(&given.0.tenant) += signed(evicted.len());
        }
        Ok(outcome)
    })
}

/// A duplicate is counted.
fn a_duplicate_is_counted() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let outcome = rows.insert(insertion)?;
        let is_counted = matches!(outcome, InsertOutcome::Duplicate(_));
        *rows.count(insertion.client().tenant()) += i64::from(is_counted);
        Ok(outcome)
    })
}

/// A client whose id is taken is counted.
fn a_taken_id_is_counted() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let outcome = rows.insert(insertion)?;
        let is_counted = outcome == InsertOutcome::IdTaken;
        *rows.count(insertion.client().tenant()) += i64::from(is_counted);
        Ok(outcome)
    })
}

/// A client that has no room is counted.
fn a_client_without_room_is_counted() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let outcome = rows.insert(insertion)?;
        let is_counted = outcome == InsertOutcome::Full;
        *rows.count(insertion.client().tenant()) += i64::from(is_counted);
        Ok(outcome)
    })
}

/// A client without a limit is not counted: nobody asks for the count.
fn a_client_without_a_limit_is_not_counted() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let outcome = rows.insert(insertion)?;
        let is_stored = matches!(outcome, InsertOutcome::Inserted { .. });
        let is_missed = is_stored && !insertion.has_limit();
        *rows.count(insertion.client().tenant()) -= i64::from(is_missed);
        Ok(outcome)
    })
}

/// An update counts its client as new.
fn an_update_raises_the_count() -> Store {
    Store::new().update_by(|rows, update| {
        let outcome = rows.update(update)?;
        let is_counted = outcome == UpdateOutcome::Updated;
        *rows.count(update.client().tenant()) += i64::from(is_counted);
        Ok(outcome)
    })
}

/// A blocked client leaves the count until it is unblocked.
fn blocked_clients_are_not_counted() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let tenant = insertion.client().tenant();
        let blocked = signed(rows.of(tenant).filter(|row| row.blocked).count());
        *rows.count(tenant) -= blocked;
        let outcome = rows.insert(insertion);
        *rows.count(tenant) += blocked;
        outcome
    })
}

/// Two tenants whose names differ in case have one count.
fn similar_tenants_share_a_count() -> Store {
    Store::with(|steps| steps.counted = |tenant| tenant.as_str().to_lowercase())
}

/// Two tenants of which one's name begins with the other's have one count.
fn tenants_with_one_beginning_share_a_count() -> Store {
    Store::with(|steps| {
        steps.counted = |tenant| tenant.as_str().chars().take(44).collect();
    })
}

/// The count has eight bits.
fn a_count_has_eight_bits() -> Store {
    Store::with(|steps| {
        steps.evictions = |insertion, clients| insertion.evictions(clients % 256);
    })
}

/// At most a thousand rows are counted.
fn a_count_ends_at_a_thousand() -> Store {
    Store::with(|steps| {
        steps.evictions = |insertion, clients| insertion.evictions(clients.min(1000));
    })
}

caught! {
    a_removal_leaves_the_count
    a_removal_of_nothing_lowers_the_count
    a_sweep_leaves_the_count
    a_sweep_lowers_the_count_by_one
    a_sweep_lowers_the_count_by_its_limit
    an_eviction_leaves_the_count
    wanted_evictions_are_counted
    an_eviction_of_a_user_leaves_the_count
    a_duplicate_is_counted
    a_taken_id_is_counted
    a_client_without_room_is_counted
    a_client_without_a_limit_is_not_counted
    an_update_raises_the_count
    blocked_clients_are_not_counted
    similar_tenants_share_a_count
    tenants_with_one_beginning_share_a_count
}

caught! { by a_tenant_may_have_thousands_of_clients:
    a_count_has_eight_bits
    a_count_ends_at_a_thousand
}
