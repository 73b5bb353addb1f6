//! Stores that look, wait once, and then write.

use oauth_dcr::store::{BlockOutcome, InsertOutcome, Insertion, UpdateOutcome};
use tokio::task::yield_now;

use super::{steps::whole_key, *};

/// Insertions look whether the id is free, and store the client later.
fn insertions_look_for_the_id() -> Store {
    Store::new().insert_slowly(|table, insertion| async move {
        let at = At::of(insertion.client());
        let was_free = table.read(&at).is_none();
        yield_now().await;
        table.alone(|rows| {
            if was_free && rows.get(&at).is_some() {
                rows.take(&at);
            }
            rows.insert(&insertion)
        })
    })
}

/// Insertions look whether the key is free, and store the client later.
fn insertions_look_for_the_key() -> Store {
    Store::new().insert_slowly(|table, insertion| async move {
        let tenant = insertion.client().tenant();
        let key = insertion.duplicate_key().map(|key| whole_key(tenant, key));
        let was_free =
            table.alone(|rows| key.as_ref().is_none_or(|key| !rows.keys.contains_key(key)));
        yield_now().await;
        table.alone(|rows| {
            if let Some(key) = key.filter(|_| was_free) {
                rows.keys.remove(&key);
            }
            rows.insert(&insertion)
        })
    })
}

/// The insertion without its limit.
fn unlimited(insertion: &Insertion) -> Insertion {
    Insertion::new(insertion.client().clone()).deduplicated_by(insertion.duplicate_key())
}

/// Insertions count the clients, and store the client later.
fn insertions_count_first() -> Store {
    Store::new().insert_slowly(|table, insertion| async move {
        let had_room = table
            .alone(|rows| rows.evicted(&insertion))
            .is_some_and(|it| it.is_empty());
        yield_now().await;
        table.alone(|rows| {
            if had_room {
                return rows.insert(&unlimited(&insertion));
            }
            rows.insert(&insertion)
        })
    })
}

/// Insertions choose whom they evict, and evict them later, whatever became of them.
fn insertions_choose_first() -> Store {
    Store::new().insert_slowly(|table, insertion| async move {
        let chosen = table
            .alone(|rows| rows.evicted(&insertion))
            .unwrap_or_default();
        yield_now().await;
        table.alone(|rows| {
            let tenant = insertion.client().tenant();
            let is_there = |rows: &Rows| {
                chosen
                    .iter()
                    .all(|id| rows.get(&At::new(tenant, id)).is_some())
            };
            let is_known = rows.get(&At::of(insertion.client())).is_some();
            if is_known
                || chosen.is_empty()
                || !is_there(rows)
                || rows.duplicate(&insertion)?.is_some()
            {
                return rows.insert(&insertion);
            }
            rows.take_all(tenant, &chosen);
            rows.put(&insertion);
            Ok(InsertOutcome::Inserted { removed: chosen })
        })
    })
}

/// Insertions choose whom they evict, and say so although another call has removed them meanwhile.
fn insertions_tell_whom_they_chose() -> Store {
    Store::new().insert_slowly(|table, insertion| async move {
        let chosen = table.alone(|rows| rows.evicted(&insertion));
        yield_now().await;
        let outcome = table.alone(|rows| rows.insert(&insertion))?;
        Ok(match (outcome, chosen) {
            (InsertOutcome::Inserted { .. }, Some(removed)) => InsertOutcome::Inserted { removed },
            (outcome, _) => outcome,
        })
    })
}

/// Updates look at the revision, and write later.
fn updates_look_at_the_revision() -> Store {
    Store::new().update_slowly(|table, update| async move {
        let row = table.read(&At::of(update.client()));
        let followed = row.as_ref().is_some_and(|row| update.follows(row.revision));
        yield_now().await;
        table.alone(|rows| {
            let at = At::of(update.client());
            if followed && rows.get(&at).is_some() {
                rows.write(&update);
                if update.removes_duplicate_key() {
                    rows.free_key(&at);
                }
                return Ok(UpdateOutcome::Updated);
            }
            rows.update(&update)
        })
    })
}

/// Updates write the whole row, with the usage that it had.
fn updates_write_the_usage_back() -> Store {
    Store::new().update_slowly(|table, update| async move {
        let row = table.read(&At::of(update.client()));
        yield_now().await;
        table.alone(|rows| {
            let outcome = rows.update(&update)?;
            if let (UpdateOutcome::Updated, Some(row)) = (outcome, row) {
                rows.change(&row.at, |stored| stored.usage = row.usage);
            }
            Ok(outcome)
        })
    })
}

/// Updates store a client that was removed meanwhile.
fn updates_bring_clients_back() -> Store {
    Store::new().update_slowly(|table, update| async move {
        let row = table.read(&At::of(update.client()));
        yield_now().await;
        table.alone(|rows| {
            let outcome = rows.update(&update)?;
            if let (UpdateOutcome::Missing, Some(row)) = (outcome, row) {
                rows.put(&Insertion::new(update.client().clone()).deduplicated_by(row.key));
                return Ok(UpdateOutcome::Updated);
            }
            Ok(outcome)
        })
    })
}

/// Updates of a client that was removed meanwhile say that they were written.
fn updates_of_removed_clients_are_written() -> Store {
    Store::new().update_slowly(|table, update| async move {
        let followed = table.read(&At::of(update.client()));
        let followed = followed.is_some_and(|row| update.follows(row.revision));
        yield_now().await;
        let outcome = table.alone(|rows| rows.update(&update))?;
        Ok(if followed {
            UpdateOutcome::Updated
        } else {
            outcome
        })
    })
}

/// Updates write later what they free of a key, which may be another client's by then.
fn updates_free_the_key_later() -> Store {
    Store::new().update_slowly(|table, update| async move {
        let at = At::of(update.client());
        let key = table.read(&at).and_then(|row| row.key);
        let outcome = table.alone(|rows| rows.update(&update))?;
        yield_now().await;
        if update.removes_duplicate_key() && outcome == UpdateOutcome::Updated {
            table.alone(|rows| rows.take_key(&at, key));
        }
        Ok(outcome)
    })
}

/// Blocks look at the revision, and write the next later.
fn blocks_count_on_from_what_they_read() -> Store {
    Store::new().block_slowly(|table, given| async move {
        let before = table.read(&given.0);
        yield_now().await;
        table.alone(|rows| {
            let outcome = rows.set_blocked(&given)?;
            let (Some(row), Some(before)) = (rows.get_mut(&given.0), before) else {
                return Ok(outcome);
            };
            row.revision = before.revision + 1;
            Ok(BlockOutcome::Written {
                revision: row.revision,
            })
        })
    })
}

/// Blocks write the whole row.
fn blocks_write_the_row_back() -> Store {
    Store::new().block_slowly(|table, given| async move {
        let before = table.read(&given.0);
        yield_now().await;
        table.alone(|rows| {
            if let Some(row) = before {
                rows.write_back(row);
            }
            rows.set_blocked(&given)
        })
    })
}

/// Blocks write the usage back.
fn blocks_write_the_usage_back() -> Store {
    Store::new().block_slowly(|table, given| async move {
        let before = table.read(&given.0);
        yield_now().await;
        table.alone(|rows| {
            if let (Some(row), Some(before)) = (rows.get_mut(&given.0), before) {
                row.usage = before.usage;
            }
            rows.set_blocked(&given)
        })
    })
}

/// Blocks store a client that was removed meanwhile.
fn blocks_bring_clients_back() -> Store {
    Store::new().block_slowly(|table, given| async move {
        let before = table.read(&given.0);
        yield_now().await;
        table.alone(|rows| {
            if let Some(row) = before.filter(|row| rows.get(&row.at).is_none()) {
                *rows.count(&row.at.tenant) += 1;
                rows.stored.insert(rows.place(&row.at), row);
            }
            rows.set_blocked(&given)
        })
    })
}

caught! { on any runtime:
    insertions_look_for_the_id
    insertions_look_for_the_key
    insertions_count_first
    insertions_tell_whom_they_chose
    updates_look_at_the_revision
    updates_write_the_usage_back
    updates_bring_clients_back
    updates_of_removed_clients_are_written
}

caught! { on any runtime by interleaved_calls_have_an_order:
    insertions_choose_first
    updates_free_the_key_later
    blocks_count_on_from_what_they_read
    blocks_write_the_row_back
    blocks_write_the_usage_back
    blocks_bring_clients_back
}
