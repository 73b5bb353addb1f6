//! Stores that are wrong about blocks.

use oauth_dcr::store::{BlockOutcome, Usage};

use super::{record::member, *};

/// Whether a client is blocked is read from its record by `list`.
fn a_block_is_read_from_the_record() -> Store {
    Store::new().list_by(|rows, page| {
        let is_later = |row: &&Row| page.after.as_ref().is_none_or(|after| row.at.id > *after);
        let rows = rows.of(&page.tenant).filter(is_later);
        let of_records = rows.map(|row| {
            let blocked = member(&row.record, "blocked").is_some();
            Row {
                blocked,
                ..row.clone()
            }
            .read()
        });
        Ok(of_records.take(page.limit as usize).collect())
    })
}

/// A store that changes a row after a block: the row is given as it is and as it was.
fn after_block(change: fn(&mut Row, Row, &mut u64)) -> Store {
    Store::new().block_slowly(move |table, given| async move {
        table.alone(|rows| {
            let old = rows.get(&given.0).cloned();
            let outcome = rows.set_blocked(&given)?;
            let (Some(row), Some(old)) = (rows.get_mut(&given.0), old) else {
                return Ok(outcome);
            };
            let mut revision = row.revision;
            change(row, old, &mut revision);
            Ok(BlockOutcome::Written { revision })
        })
    })
}

/// A block does not change the revision.
fn a_block_keeps_the_revision() -> Store {
    after_block(|row, old, _| row.revision = old.revision)
}

/// A block that changes nothing does not change the revision.
fn a_block_of_a_blocked_client_is_not_written() -> Store {
    after_block(|row, old, revision| {
        if row.blocked == old.blocked {
            (row.revision, *revision) = (old.revision, old.revision);
        }
    })
}

/// A block counts on from the revision of the record.
fn a_block_follows_the_record() -> Store {
    after_block(|row, _, revision| {
        let of_record = member(&row.record, "revision");
        *revision = of_record
            .map_or(0, |it| it.parse::<u64>().unwrap())
            .saturating_add(1);
        row.revision = *revision;
    })
}

/// A block returns the revision before.
fn a_block_returns_the_previous_revision() -> Store {
    after_block(|_, old, revision| *revision = old.revision)
}

/// A block ends whose client it is.
fn a_block_forgets_the_user() -> Store {
    after_block(|row, old, _| {
        let usage = old.usage;
        row.usage = Usage::from_parts(usage.is_used(), usage.idle_since(), None, false);
    })
}

/// The end of a block makes a client unused.
fn the_end_of_a_block_begins_a_new_usage() -> Store {
    after_block(|row, old, _| {
        let usage = old.usage;
        let is_used = usage.is_used() && row.blocked;
        row.usage = Usage::from_parts(is_used, usage.idle_since(), usage.user(), usage.is_shared());
    })
}

/// A block removes the duplicate key.
fn a_block_removes_the_key() -> Store {
    Store::new().block_by(|rows, given| {
        rows.free_key(&given.0);
        rows.set_blocked(given)
    })
}

/// A block of a missing client says that it is written.
fn a_block_of_a_missing_client_is_written() -> Store {
    Store::new().block_by(|rows, given| match rows.set_blocked(given)? {
        BlockOutcome::Missing => Ok(BlockOutcome::Written { revision: 1 }),
        outcome => Ok(outcome),
    })
}

/// A block is done to the clients of other tenants, too.
fn a_block_is_done_in_every_tenant() -> Store {
    Store::new().block_by(|rows, given| {
        let others = rows
            .stored
            .values_mut()
            .filter(|row| row.at.id == given.0.id);
        others.for_each(|row| row.blocked = given.1);
        rows.set_blocked(given)
    })
}

caught! {
    a_block_is_read_from_the_record
    a_block_keeps_the_revision
    a_block_of_a_blocked_client_is_not_written
    a_block_follows_the_record
    a_block_returns_the_previous_revision
    a_block_forgets_the_user
    the_end_of_a_block_begins_a_new_usage
    a_block_removes_the_key
    a_block_of_a_missing_client_is_written
    a_block_is_done_in_every_tenant
}
