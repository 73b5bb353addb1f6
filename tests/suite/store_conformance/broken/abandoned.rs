//! Stores that do a call in two steps and skip the second step if the caller disappears. They run
//! one call after another, so that no race shows the fault.

use std::sync::Arc;

use oauth_dcr::store::{BlockOutcome, ClientUpdate, InsertOutcome, Insertion, UpdateOutcome};
use tokio::task::yield_now;

use super::*;

/// A store whose insertions leave out a part at first, and add it later.
fn inserting(take_back: fn(&mut Rows, &Insertion), follow: fn(&mut Rows, &Insertion)) -> Store {
    let store = Store::new().insert_slowly(move |table, insertion| async move {
        let outcome = table.alone(|rows| rows.insert(&insertion))?;
        if matches!(outcome, InsertOutcome::Inserted { .. }) {
            table.alone(|rows| take_back(rows, &insertion));
            yield_now().await;
            table.alone(|rows| follow(rows, &insertion));
        }
        Ok(outcome)
    });
    store.one_by_one()
}

/// An insertion stores the client, and then its key.
fn an_insertion_stores_its_key_later() -> Store {
    let without_key = |rows: &mut Rows, insertion: &Insertion| {
        rows.free_key(&At::of(insertion.client()));
    };
    inserting(without_key, Rows::put_key)
}

/// An insertion stores its key, and then the client.
fn an_insertion_stores_its_client_later() -> Store {
    let without_row = |rows: &mut Rows, insertion: &Insertion| {
        let place = rows.place(&At::of(insertion.client()));
        rows.stored.remove(&place);
    };
    inserting(without_row, Rows::put_row)
}

/// An insertion evicts, and then stores the client.
fn an_insertion_evicts_first() -> Store {
    let without_client = |rows: &mut Rows, insertion: &Insertion| {
        rows.take(&At::of(insertion.client()));
    };
    inserting(without_client, Rows::put)
}

/// An insertion stores the client, and then whether it is blocked and its revision.
fn an_insertion_stores_its_flags_later() -> Store {
    let without_flags = |rows: &mut Rows, insertion: &Insertion| {
        rows.change(&At::of(insertion.client()), |row| row.blocked = false);
    };
    inserting(without_flags, |rows, insertion| {
        let blocked = insertion.client().is_blocked();
        rows.change(&At::of(insertion.client()), |row| row.blocked = blocked);
    })
}

/// An insertion stores the client, and then evicts for it.
fn an_insertion_evicts_later() -> Store {
    let store = Store::new().insert_slowly(|table, insertion| async move {
        let tenant = insertion.client().tenant();
        let stored = table.alone(|rows| {
            let before: Vec<Row> = rows.of(tenant).cloned().collect();
            let outcome = rows.insert(&insertion)?;
            if let InsertOutcome::Inserted { removed } = &outcome {
                for row in before
                    .into_iter()
                    .filter(|row| removed.contains(&row.at.id))
                {
                    *rows.count(tenant) += 1;
                    rows.stored.insert(rows.place(&row.at), row);
                }
            }
            Answer::Ok(outcome)
        })?;
        yield_now().await;
        if let InsertOutcome::Inserted { removed } = &stored {
            table.alone(|rows| rows.take_all(tenant, removed));
        }
        Ok(stored)
    });
    store.one_by_one()
}

/// An insertion reserves its id, and then stores the client.
fn an_insertion_reserves_its_id() -> Store {
    let reserved: Arc<std::sync::Mutex<Vec<At>>> = Arc::default();
    let store = Store::new().insert_slowly(move |table, insertion| {
        let reserved = Arc::clone(&reserved);
        async move {
            let at = At::of(insertion.client());
            if reserved.lock().unwrap().contains(&at) {
                return Ok(InsertOutcome::IdTaken);
            }
            reserved.lock().unwrap().push(at.clone());
            yield_now().await;
            reserved.lock().unwrap().retain(|other| *other != at);
            table.alone(|rows| rows.insert(&insertion))
        }
    });
    store.one_by_one()
}

/// A store whose updates are done in part at first, and then whole.
fn updating(first: fn(&mut Rows, &ClientUpdate, Row)) -> Store {
    let store = Store::new().update_slowly(move |table, update| async move {
        let at = At::of(update.client());
        let begun = table.alone(|rows| {
            let old = rows
                .get(&at)
                .filter(|row| update.follows(row.revision))
                .cloned();
            old.map(|old| first(rows, &update, old)).is_some()
        });
        if !begun {
            return table.alone(|rows| rows.update(&update));
        }
        yield_now().await;
        table.alone(|rows| {
            rows.write(&update);
            if update.removes_duplicate_key() {
                rows.free_key(&at);
            }
        });
        Ok(UpdateOutcome::Updated)
    });
    store.one_by_one()
}

/// An update writes the client, and then frees the key.
fn an_update_frees_the_key_later() -> Store {
    updating(|rows, update, _| rows.write(update))
}

/// An update frees the key, and then writes the client.
fn an_update_frees_the_key_first() -> Store {
    updating(|rows, update, old| {
        if update.removes_duplicate_key() {
            rows.free_key(&old.at);
        }
    })
}

/// An update writes the record, and then whether the client is blocked and its revision.
fn an_update_writes_the_record_first() -> Store {
    updating(|rows, update, old| {
        rows.write(update);
        rows.change(&old.at, |row| {
            (row.blocked, row.revision) = (old.blocked, old.revision);
        });
    })
}

/// An update writes the revision, and then the record.
fn an_update_writes_the_revision_first() -> Store {
    updating(|rows, update, old| {
        rows.change(&old.at, |row| row.revision = update.client().revision());
    })
}

/// An update removes the client, and stores it again.
fn an_update_stores_the_client_again() -> Store {
    let store = Store::new().update_slowly(|table, update| async move {
        let at = At::of(update.client());
        let (outcome, place, row) = table.alone(|rows| {
            let outcome = rows.update(&update);
            let place = rows.place(&at);
            (outcome, place.clone(), rows.stored.remove(&place))
        });
        yield_now().await;
        if let Some(row) = row {
            table.alone(|rows| rows.stored.insert(place, row));
        }
        outcome
    });
    store.one_by_one()
}

/// A block writes the flag, and then the revision.
fn a_block_writes_the_flag_first() -> Store {
    let store = Store::new().block_slowly(|table, given| async move {
        table.alone(|rows| {
            rows.change(&given.0, |row| row.blocked = given.1);
        });
        yield_now().await;
        table.alone(|rows| rows.set_blocked(&given))
    });
    store.one_by_one()
}

/// A block writes the revision, and then the flag.
fn a_block_writes_the_revision_first() -> Store {
    let store = Store::new().block_slowly(|table, given| async move {
        let row = table.alone(|rows| {
            let row = rows.get_mut(&given.0)?;
            row.revision += 1;
            Some(row.revision)
        });
        yield_now().await;
        let Some(revision) = row else {
            return Ok(BlockOutcome::Missing);
        };
        table.alone(|rows| {
            rows.change(&given.0, |row| row.blocked = given.1);
        });
        Ok(BlockOutcome::Written { revision })
    });
    store.one_by_one()
}

caught! {}

caught! { by an_abandoned_block_is_all_or_nothing:
    a_block_writes_the_flag_first
    a_block_writes_the_revision_first
}

caught! { by an_abandoned_insertion_is_all_or_nothing:
    an_insertion_stores_its_key_later
    an_insertion_stores_its_client_later
    an_insertion_evicts_first
    an_insertion_stores_its_flags_later
    an_insertion_evicts_later
    an_insertion_reserves_its_id
}

caught! { by an_abandoned_update_is_all_or_nothing:
    an_update_frees_the_key_later
    an_update_frees_the_key_first
    an_update_writes_the_record_first
    an_update_writes_the_revision_first
    an_update_stores_the_client_again
}
