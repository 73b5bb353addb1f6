//! Stores that look at too few rows, at other rows too, or in the order of another time.

use oauth_dcr::{
    ClientId, Timestamp,
    store::{InsertOutcome, Insertion, RemoveOutcome, TouchOutcome, Usage},
};

use super::{
    record::member,
    steps::{first_of, idle_order, is_evictable},
    *,
};

/// Pages are in order, and go on without regard to case.
fn pages_go_on_without_case() -> Store {
    Store::new().list_by(|rows, page| {
        let lowered = |id: &ClientId| id.as_str().to_lowercase();
        let after = page.after.as_ref().map(lowered);
        let is_later = |row: &&Row| {
            after
                .as_ref()
                .is_none_or(|after| lowered(&row.at.id) > *after)
        };
        let rows = rows.of(&page.tenant).filter(is_later);
        Ok(rows.take(page.limit as usize).map(Row::read).collect())
    })
}

/// A long page is read in parts of a thousand rows, and the row between two parts is lost.
fn a_row_between_two_parts_is_lost() -> Store {
    Store::new().list_by(|rows, page| {
        let mut list = rows.list(page)?;
        if list.len() > 1000 {
            list.remove(1000);
        }
        Ok(list)
    })
}

/// A page of no clients is an error.
fn a_page_of_zero_is_an_error() -> Store {
    Store::new().list_by(|rows, page| {
        if page.limit == 0 {
            return Err(failure("no limit"));
        }
        rows.list(page)
    })
}

/// A sweep looks at the first thousand clients.
fn a_sweep_looks_at_a_thousand_clients() -> Store {
    Store::new().sweep_by(|rows, given| {
        let (tenant, sweep) = given;
        let first = rows.of(tenant).take(1000);
        let due = first.filter(|row| sweep.removes(row.blocked, row.usage));
        let due = due.take(sweep.max_removed() as usize);
        let due: Vec<ClientId> = due.map(|row| row.at.id.clone()).collect();
        rows.take_all(tenant, &due);
        Ok(due)
    })
}

/// Clients are evicted in the order of another time.
fn evicting_by(moment: fn(&Row) -> u64, rows: &mut Rows, insertion: &Insertion) -> Vec<ClientId> {
    let chosen = rows.evicted(insertion).unwrap_or_default();
    let mut evictable: Vec<&Row> = rows
        .of(insertion.client().tenant())
        .filter(|row| is_evictable(insertion, &row.seen()))
        .collect();
    evictable.sort_by_key(|row| (row.usage.is_used(), moment(row), row.at.clone()));
    let first = evictable.into_iter().take(chosen.len());
    first.map(|row| row.at.id.clone()).collect()
}

/// When a row was registered.
fn issued_at(row: &Row) -> u64 {
    let millis = member(&row.record, "issued_at");
    millis.map_or(0, |millis| millis.parse().unwrap())
}

/// Clients are evicted in the order of their registration, whatever they did since.
fn evictions_go_by_registration() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let is_known = rows.get(&At::of(insertion.client())).is_some();
        if is_known || rows.duplicate(insertion)?.is_some() {
            return rows.insert(insertion);
        }
        let removed = evicting_by(issued_at, rows, insertion);
        if removed.is_empty() {
            return rows.insert(insertion);
        }
        rows.take_all(insertion.client().tenant(), &removed);
        rows.put(insertion);
        Ok(InsertOutcome::Inserted { removed })
    })
}

/// Unused clients are swept by their registration, whatever they did since.
fn sweeps_go_by_registration() -> Store {
    Store::new().sweep_by(|rows, given| {
        let (tenant, sweep) = given;
        let is_due = |row: &&Row| {
            let registered = Usage::registered(Timestamp::from_unix_millis(issued_at(row)));
            let usage = if row.usage.is_used() {
                row.usage
            } else {
                registered
            };
            sweep.removes(row.blocked, usage)
        };
        let due = rows
            .of(tenant)
            .filter(is_due)
            .take(sweep.max_removed() as usize);
        let due: Vec<ClientId> = due.map(|row| row.at.id.clone()).collect();
        rows.take_all(tenant, &due);
        Ok(due)
    })
}

/// Whom a user loses is chosen among the first hundred clients of the user.
fn a_hundred_clients_of_a_user_are_looked_at() -> Store {
    Store::new().touch_by(|rows, (at, activity)| {
        let outcome = rows.touch(&(at.clone(), activity.max_clients_per_user(None)))?;
        let (TouchOutcome::Written { .. }, Some(limit)) = (&outcome, activity.limit()) else {
            return Ok(outcome);
        };
        let wanted = rows.evicted_by(limit, at).len() as u64;
        let mut theirs = rows.seen(&at.tenant);
        theirs.retain(|seen| seen.2.user() == Some(limit.user) && !seen.1 && seen.0 != at.id);
        theirs.truncate(100);
        let evicted = first_of(wanted, &theirs, |seen| {
            Some(idle_order(seen.2.is_shared(), seen))
        });
        rows.take_all(&at.tenant, &evicted);
        Ok(TouchOutcome::Written { evicted })
    })
}

/// An underscore in an id is any character.
fn an_underscore_in_an_id_is_any_character() -> Store {
    Store::new().find_by(|rows, at| {
        let is_alike = |id: &ClientId| {
            let mut both = at.id.as_str().chars().zip(id.as_str().chars());
            at.id.as_str().len() == id.as_str().len() && both.all(|(a, b)| a == '_' || a == b)
        };
        let found = rows.of(&at.tenant).find(|row| is_alike(&row.at.id));
        Ok(found.map(Row::read))
    })
}

/// A removal removes the clients whose ids begin alike.
fn a_removal_removes_ids_that_begin_alike() -> Store {
    Store::new().remove_by(|rows, at| {
        let alike = rows.of(&at.tenant).map(|row| row.at.id.clone());
        let alike: Vec<ClientId> = alike
            .filter(|id| id.as_str().starts_with(at.id.as_str()))
            .collect();
        let outcome = if alike.contains(&at.id) {
            RemoveOutcome::Removed
        } else {
            RemoveOutcome::Missing
        };
        rows.take_all(&at.tenant, &alike);
        Ok(outcome)
    })
}

/// A star in an id removes every client that begins like it.
fn a_star_in_an_id_is_any_text() -> Store {
    Store::new().remove_by(|rows, at| {
        if let Some((before, _)) = at.id.as_str().split_once('*') {
            let alike = rows.of(&at.tenant).map(|row| row.at.id.clone());
            let alike: Vec<ClientId> = alike.filter(|id| id.as_str().starts_with(before)).collect();
            let others: Vec<ClientId> = alike.into_iter().filter(|id| *id != at.id).collect();
            rows.take_all(&at.tenant, &others);
        }
        rows.remove(at)
    })
}

/// An id that was removed stays taken.
fn a_removed_id_stays_taken() -> Store {
    let store = Store::new().remove_by(|rows, at| {
        let row = rows.take(at);
        let is_removed = row.is_some();
        if let Some(row) = row {
            rows.left.insert(rows.place(at), row);
        }
        Ok(if is_removed {
            RemoveOutcome::Removed
        } else {
            RemoveOutcome::Missing
        })
    });
    store.insert_by(|rows, insertion| {
        let place = rows.place(&At::of(insertion.client()));
        if rows.left.contains_key(&place) && rows.duplicate(insertion)?.is_none() {
            return Ok(InsertOutcome::IdTaken);
        }
        rows.insert(insertion)
    })
}

/// An id that was swept stays taken.
fn a_swept_id_stays_taken() -> Store {
    let store = Store::new().sweep_by(|rows, given| {
        let due = rows.due(given);
        for id in &due {
            let at = At::new(&given.0, id);
            let row = rows.take(&at).ok_or(failure("no row"))?;
            rows.left.insert(rows.place(&at), row);
        }
        Ok(due)
    });
    store.insert_by(|rows, insertion| {
        let place = rows.place(&At::of(insertion.client()));
        if rows.left.contains_key(&place) && rows.duplicate(insertion)?.is_none() {
            return Ok(InsertOutcome::IdTaken);
        }
        rows.insert(insertion)
    })
}

caught! {
    pages_go_on_without_case
    a_page_of_zero_is_an_error
    evictions_go_by_registration
    sweeps_go_by_registration
    a_hundred_clients_of_a_user_are_looked_at
    an_underscore_in_an_id_is_any_character
    a_removal_removes_ids_that_begin_alike
    a_star_in_an_id_is_any_text
    a_removed_id_stays_taken
    a_swept_id_stays_taken
}

caught! { by a_tenant_may_have_thousands_of_clients:
    a_row_between_two_parts_is_lost
    a_sweep_looks_at_a_thousand_clients
}
