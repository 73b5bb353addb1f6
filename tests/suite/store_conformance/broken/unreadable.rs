//! Stores that are wrong about rows whose records can't be read.

use oauth_dcr::{
    client::{StoredClient, UnreadableClient},
    store::{BlockOutcome, InsertOutcome, RemoveOutcome, TouchOutcome},
};

use super::{steps::whole_key, *};

fn is_unreadable(row: &Row) -> bool {
    matches!(row.read(), StoredClient::Unreadable(_))
}

/// Whether a tenant has a row that can't be read.
fn has_unreadable(rows: &Rows, at: &At) -> bool {
    rows.get(at).is_some_and(is_unreadable)
}

/// `find` fails at a row that can't be read.
fn find_fails_at_an_unreadable_row() -> Store {
    Store::new().find_by(|rows, at| {
        let client = rows.get(at).map(Row::client).transpose()?;
        Ok(client.map(StoredClient::Readable))
    })
}

/// `find` does not find a row that can't be read.
fn find_leaves_unreadable_rows_out() -> Store {
    Store::new().find_by(|rows, at| {
        Ok(rows
            .find(at)?
            .filter(|row| matches!(row, StoredClient::Readable(_))))
    })
}

/// `list` fails at a row that can't be read.
fn list_fails_at_an_unreadable_row() -> Store {
    Store::new().list_by(|rows, page| {
        let list = rows.list(page)?;
        let is_readable = |row: &StoredClient| matches!(row, StoredClient::Readable(_));
        let is_whole = list.iter().all(is_readable);
        is_whole
            .then_some(list)
            .ok_or(failure("a row can't be read"))
    })
}

/// `list` leaves rows out that can't be read.
fn list_leaves_unreadable_rows_out() -> Store {
    Store::new().list_by(|rows, page| {
        let mut list = rows.list(page)?;
        list.retain(|row| matches!(row, StoredClient::Readable(_)));
        Ok(list)
    })
}

/// `list` ends at a row that can't be read.
fn list_ends_at_an_unreadable_row() -> Store {
    Store::new().list_by(|rows, page| {
        let list = rows.list(page)?.into_iter();
        Ok(list
            .take_while(|row| matches!(row, StoredClient::Readable(_)))
            .collect())
    })
}

/// `list` has the rows that can't be read at its end.
fn list_has_unreadable_rows_last() -> Store {
    Store::new().list_by(|rows, page| {
        let mut list = rows.list(page)?;
        list.sort_by_key(|row| matches!(row, StoredClient::Unreadable(_)));
        Ok(list)
    })
}

/// The reason why a record can't be read has the record in it.
fn a_reason_shows_the_record() -> Store {
    Store::new().find_by(|rows, at| {
        let Some(row) = rows.get(at).filter(|row| is_unreadable(row)) else {
            return rows.find(at);
        };
        let unreadable = UnreadableClient::new(at.id.clone(), row.record.clone());
        Ok(Some(StoredClient::Unreadable(unreadable)))
    })
}

/// A row that can't be read can't be blocked.
fn a_block_reads_the_record() -> Store {
    Store::new().block_by(|rows, given| {
        if let Some(row) = rows.get(&given.0) {
            row.client()?;
        }
        rows.set_blocked(given)
    })
}

/// A row that can't be read is no client to block.
fn an_unreadable_row_is_no_client_to_block() -> Store {
    Store::new().block_by(|rows, given| {
        if has_unreadable(rows, &given.0) {
            return Ok(BlockOutcome::Missing);
        }
        rows.set_blocked(given)
    })
}

/// A row that can't be read is no client to remove.
fn an_unreadable_row_is_not_removed() -> Store {
    Store::new().remove_by(|rows, at| {
        if has_unreadable(rows, at) {
            return Ok(RemoveOutcome::Missing);
        }
        rows.remove(at)
    })
}

/// A row that can't be read is no client to touch.
fn an_unreadable_row_is_not_touched() -> Store {
    Store::new().touch_by(|rows, given| {
        if has_unreadable(rows, &given.0) {
            return Ok(TouchOutcome::Missing);
        }
        rows.touch(given)
    })
}

/// A row that can't be read is not swept.
fn an_unreadable_row_is_not_swept() -> Store {
    Store::new().sweep_by(|rows, given| {
        let mut due = rows.due(given);
        due.retain(|id| !has_unreadable(rows, &At::new(&given.0, id)));
        rows.take_all(&given.0, &due);
        Ok(due)
    })
}

/// A sweep fails where a row can't be read.
fn a_sweep_fails_at_an_unreadable_row() -> Store {
    Store::new().sweep_by(|rows, given| {
        for row in rows.of(&given.0) {
            row.client()?;
        }
        rows.sweep(given)
    })
}

/// An insertion that evicts fails where a row can't be read.
fn an_eviction_fails_at_an_unreadable_row() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let tenant = insertion.client().tenant();
        if rows
            .evicted(insertion)
            .is_some_and(|evicted| !evicted.is_empty())
        {
            rows.of(tenant).try_for_each(|row| row.client().map(drop))?;
        }
        rows.insert(insertion)
    })
}

/// A row that can't be read is not counted.
fn an_unreadable_row_is_not_counted() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let tenant = insertion.client().tenant();
        let unreadable = rows.of(tenant).filter(|row| is_unreadable(row)).count();
        let unreadable = i64::try_from(unreadable).unwrap();
        *rows.count(tenant) -= unreadable;
        let outcome = rows.insert(insertion);
        *rows.count(tenant) += unreadable;
        outcome
    })
}

/// The key of a row that can't be read is free.
fn an_unreadable_row_has_no_key() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let tenant = insertion.client().tenant();
        if let Some(key) = insertion.duplicate_key() {
            let key = whole_key(tenant, key);
            let owner = rows.keys.get(&key).cloned();
            if owner.is_some_and(|at| has_unreadable(rows, &at)) {
                rows.keys.remove(&key);
            }
        }
        rows.insert(insertion)
    })
}

/// The id of a row that can't be read is free.
fn an_unreadable_row_is_overwritten() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let at = At::of(insertion.client());
        if has_unreadable(rows, &at) {
            rows.take(&at);
        }
        rows.insert(insertion)
    })
}

/// A key of a row that can't be read says that the id is taken.
fn a_duplicate_of_an_unreadable_row_is_full() -> Store {
    Store::new()
        .insert_by(|rows, insertion| Ok(rows.insert(insertion).unwrap_or(InsertOutcome::Full)))
}

/// An update reads the record that it replaces.
fn an_update_reads_the_record() -> Store {
    Store::new().update_by(|rows, update| {
        if let Some(row) = rows.get(&At::of(update.client())) {
            row.client()?;
        }
        rows.update(update)
    })
}

/// A row that can't be read is evicted first.
fn an_unreadable_row_is_evicted_first() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let tenant = insertion.client().tenant();
        let outcome = rows.insert(insertion)?;
        let InsertOutcome::Inserted { removed } = &outcome else {
            return Ok(outcome);
        };
        let unreadable = rows
            .of(tenant)
            .find(|row| is_unreadable(row) && !row.blocked);
        let at = unreadable.map(|row| row.at.clone());
        if let Some(at) = at.filter(|_| !removed.is_empty()) {
            rows.take(&at);
        }
        Ok(outcome)
    })
}

caught! {
    an_update_reads_the_record
    an_unreadable_row_is_evicted_first
    find_fails_at_an_unreadable_row
    find_leaves_unreadable_rows_out
    list_fails_at_an_unreadable_row
    list_leaves_unreadable_rows_out
    list_ends_at_an_unreadable_row
    list_has_unreadable_rows_last
    a_reason_shows_the_record
    a_block_reads_the_record
    an_unreadable_row_is_no_client_to_block
    an_unreadable_row_is_not_removed
    an_unreadable_row_is_not_touched
    an_unreadable_row_is_not_swept
    a_sweep_fails_at_an_unreadable_row
    an_eviction_fails_at_an_unreadable_row
    an_unreadable_row_is_not_counted
    an_unreadable_row_has_no_key
    an_unreadable_row_is_overwritten
    a_duplicate_of_an_unreadable_row_is_full
}
