//! Stores whose counts drift away in races, and when a caller goes away.

use oauth_dcr::{
    ClientId,
    store::{InsertOutcome, RemoveOutcome},
};
use tokio::task::yield_now;

use super::{counters::signed, *};

/// Of two removals that race, each lowers the count.
fn racing_removals_lower_the_count_twice() -> Store {
    Store::new().remove_slowly(|table, at| async move {
        if table.alone(|rows| rows.get(&at).is_none()) {
            return Ok(RemoveOutcome::Missing);
        }
        yield_now().await;
        table.alone(|rows| {
            let outcome = rows.remove(&at)?;
            *rows.count(&at.tenant) -= i64::from(outcome == RemoveOutcome::Missing);
            Ok(outcome)
        })
    })
}

/// A sweep counts the clients that it has found, of which some are removed meanwhile.
fn a_sweep_counts_what_it_found() -> Store {
    Store::new().sweep_slowly(|table, given| async move {
        let found = table.alone(|rows| rows.due(&given));
        yield_now().await;
        table.alone(|rows| {
            let swept = rows.sweep(&given)?;
            let is_missed = |id: &&ClientId| !swept.contains(id);
            *rows.count(&given.0) -= signed(found.iter().filter(is_missed).count());
            Ok(swept)
        })
    })
}

/// A count is read, and written back later.
fn a_count_is_written_back() -> Store {
    Store::new().remove_slowly(|table, at| async move {
        let count = table.alone(|rows| *rows.count(&at.tenant));
        yield_now().await;
        table.alone(|rows| {
            let outcome = rows.remove(&at)?;
            *rows.count(&at.tenant) = count - i64::from(outcome == RemoveOutcome::Removed);
            Ok(outcome)
        })
    })
}

/// The caller of a removal goes away before the count is lowered.
fn an_abandoned_removal_leaves_the_count() -> Store {
    let store = Store::new().remove_slowly(|table, at| async move {
        let removed = table.alone(|rows| {
            let row = rows.take(&at);
            *rows.count(&at.tenant) += i64::from(row.is_some());
            row
        });
        yield_now().await;
        table.alone(|rows| *rows.count(&at.tenant) -= i64::from(removed.is_some()));
        Ok(removed.map_or(RemoveOutcome::Missing, |_| RemoveOutcome::Removed))
    });
    store.one_by_one()
}

/// The caller of a sweep goes away before the count is lowered.
fn an_abandoned_sweep_leaves_the_count() -> Store {
    let store = Store::new().sweep_slowly(|table, given| async move {
        let swept = table.alone(|rows| {
            let swept = rows.sweep(&given)?;
            *rows.count(&given.0) += signed(swept.len());
            Answer::Ok(swept)
        })?;
        yield_now().await;
        table.alone(|rows| *rows.count(&given.0) -= signed(swept.len()));
        Ok(swept)
    });
    store.one_by_one()
}

/// The caller of an insertion goes away after it was counted, and before it is stored.
fn an_abandoned_insertion_is_counted() -> Store {
    let store = Store::new().insert_slowly(|table, insertion| async move {
        let tenant = insertion.client().tenant();
        table.alone(|rows| *rows.count(tenant) += 1);
        yield_now().await;
        table.alone(|rows| {
            *rows.count(tenant) -= 1;
            rows.insert(&insertion)
        })
    });
    store.one_by_one()
}

/// The caller of an insertion goes away after it was stored, and before it is counted.
fn an_abandoned_insertion_is_not_counted() -> Store {
    let store = Store::new().insert_slowly(|table, insertion| async move {
        let tenant = insertion.client().tenant();
        let outcome = table.alone(|rows| rows.insert(&insertion))?;
        let stored = i64::from(matches!(outcome, InsertOutcome::Inserted { .. }));
        table.alone(|rows| *rows.count(tenant) -= stored);
        yield_now().await;
        table.alone(|rows| *rows.count(tenant) += stored);
        Ok(outcome)
    });
    store.one_by_one()
}

caught! { by an_abandoned_insertion_is_all_or_nothing:
    an_abandoned_insertion_is_counted
    an_abandoned_insertion_is_not_counted
}

caught! { by an_abandoned_removal_is_all_or_nothing:
    an_abandoned_removal_leaves_the_count
}

caught! { by an_abandoned_sweep_is_all_or_nothing:
    an_abandoned_sweep_leaves_the_count
}

caught! { on any runtime:
    racing_removals_lower_the_count_twice
    a_sweep_counts_what_it_found
    a_count_is_written_back
}
