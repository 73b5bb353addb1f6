//! Stores whose readers see a call that is half done.

use oauth_dcr::{
    ClientId,
    store::{InsertOutcome, RemoveOutcome, UpdateOutcome},
};
use tokio::task::yield_now;

use super::*;

/// `find` reads the record, and then what stands beside it.
fn find_reads_twice() -> Store {
    Store::new().find_slowly(|table, at| async move {
        let before = table.read(&at);
        yield_now().await;
        let row = table.read(&at);
        let both = before.zip(row).map(|(before, row)| Row {
            record: before.record,
            ..row
        });
        Ok(both.map(|row| row.read()))
    })
}

/// `list` reads the records, and then what stands beside them.
fn list_reads_twice() -> Store {
    Store::new().list_slowly(|table, page| async move {
        let before: Vec<Row> = table.alone(|rows| rows.of(&page.tenant).cloned().collect());
        yield_now().await;
        let is_later = |row: &Row| page.after.as_ref().is_none_or(|after| row.at.id > *after);
        let later = before
            .into_iter()
            .filter(is_later)
            .take(page.limit as usize);
        let both = later.map(|before| match table.read(&before.at) {
            Some(row) => Row {
                record: before.record,
                ..row
            },
            None => before,
        });
        Ok(both.map(|row| row.read()).collect())
    })
}

/// An insertion stores the client, and evicts for it later: readers see one too many.
fn readers_see_one_too_many() -> Store {
    Store::new().insert_slowly(|table, insertion| async move {
        let (outcome, removed) = table.alone(|rows| {
            let tenant = insertion.client().tenant();
            let before: Vec<Row> = rows.of(tenant).cloned().collect();
            let outcome = rows.insert(&insertion);
            let evicted: Vec<ClientId> = match &outcome {
                Ok(InsertOutcome::Inserted { removed }) => removed.clone(),
                _ => Vec::new(),
            };
            let back = before
                .into_iter()
                .filter(|row| evicted.contains(&row.at.id));
            let back: Vec<At> = back
                .map(|row| {
                    let at = row.at.clone();
                    rows.stored.insert(rows.place(&at), row);
                    at
                })
                .collect();
            (outcome, back)
        });
        yield_now().await;
        table.alone(|rows| {
            for at in removed {
                rows.stored.remove(&rows.place(&at));
            }
        });
        outcome
    })
}

/// Removals free the key first, and remove the client later.
fn removals_free_the_key_first() -> Store {
    Store::new().remove_slowly(|table, at| async move {
        let Some(row) = table.alone(|rows| rows.take(&at)) else {
            return Ok(RemoveOutcome::Missing);
        };
        table.alone(|rows| {
            *rows.count(&at.tenant) += 1;
            rows.stored.insert(rows.place(&at), row);
        });
        yield_now().await;
        table.alone(|rows| rows.remove(&at))
    })
}

/// An update is seen in two parts: the record, and then what stands beside it.
fn updates_are_seen_in_two_parts() -> Store {
    Store::new().update_slowly(|table, update| async move {
        let at = At::of(update.client());
        let before = table.read(&at);
        let outcome = table.alone(|rows| {
            let outcome = rows.update(&update);
            if let (Ok(UpdateOutcome::Updated), Some(before)) = (&outcome, before) {
                rows.change(&at, |row| row.blocked = before.blocked);
            }
            outcome
        });
        yield_now().await;
        if matches!(outcome, Ok(UpdateOutcome::Updated)) {
            table.alone(|rows| {
                rows.change(&at, |row| row.blocked = update.client().is_blocked());
            });
        }
        outcome
    })
}

/// An update is away for a moment: it is removed, and stored again.
fn updated_clients_are_away_for_a_moment() -> Store {
    Store::new().update_slowly(|table, update| async move {
        let at = At::of(update.client());
        let (outcome, row) = table.alone(|rows| {
            let outcome = rows.update(&update);
            let is_updated = matches!(outcome, Ok(UpdateOutcome::Updated));
            let place = rows.place(&at);
            (
                outcome,
                is_updated.then(|| rows.stored.remove(&place)).flatten(),
            )
        });
        yield_now().await;
        if let Some(row) = row {
            table.alone(|rows| rows.stored.insert(rows.place(&at), row));
        }
        outcome
    })
}

caught! { on any runtime:
    readers_see_one_too_many
    updated_clients_are_away_for_a_moment
}

caught! { on any runtime by an_abandoned_removal_is_all_or_nothing:
    removals_free_the_key_first
}

caught! { on any runtime by readers_see_whole_clients:
    find_reads_twice
    list_reads_twice
    updates_are_seen_in_two_parts
}
