//! Stores that are wrong about sweeps.

use oauth_dcr::{
    ClientId, Timestamp,
    store::{Sweep, Usage},
};

use super::{steps::Seen, *};

fn sweeping(swept: fn(&Sweep, &Seen) -> bool) -> Store {
    Store::with(|steps| steps.swept = swept)
}

/// Blocked clients are swept.
fn blocked_clients_are_swept() -> Store {
    sweeping(|sweep, (_, _, usage)| sweep.removes(false, *usage))
}

/// Clients that are idle since the moment are swept.
fn a_client_idle_since_then_is_swept() -> Store {
    sweeping(|sweep, (_, blocked, usage)| {
        let before = sweep.before(usage.is_used());
        !blocked && before.is_some_and(|before| usage.idle_since() <= before)
    })
}

/// Clients that are idle since the moment are swept if they are used.
fn a_used_client_idle_since_then_is_swept() -> Store {
    sweeping(|sweep, (_, blocked, usage)| {
        let is_then = usage.is_used() && sweep.before(true) == Some(usage.idle_since());
        sweep.removes(*blocked, *usage) || (is_then && !blocked)
    })
}

/// Moments are compared in seconds.
fn sweeps_compare_seconds() -> Store {
    sweeping(|sweep, (_, blocked, usage)| {
        let before = sweep.before(usage.is_used());
        let is_earlier = |it: Timestamp| usage.idle_since().unix_seconds() < it.unix_seconds();
        !blocked && before.is_some_and(is_earlier)
    })
}

/// Used clients are swept like unused clients.
fn used_clients_are_swept_as_unused() -> Store {
    sweeping(|sweep, (_, blocked, usage)| {
        let before = sweep.before(false).max(sweep.before(true));
        !blocked && before.is_some_and(|before| usage.idle_since() < before)
    })
}

/// If both kinds are swept, only unused clients are.
fn only_one_kind_is_swept() -> Store {
    sweeping(|sweep, (_, blocked, usage)| {
        let is_other = sweep.before(false).is_some() && usage.is_used();
        !is_other && sweep.removes(*blocked, *usage)
    })
}

/// A client without a moment is swept: what is not said is the last moment.
fn a_moment_that_is_not_given_is_the_last() -> Store {
    sweeping(|sweep, (_, blocked, usage)| {
        let before = sweep.before(usage.is_used()).unwrap_or(Timestamp::MAX);
        !blocked && usage.idle_since() < before
    })
}

/// What is swept up to the last moment is everything.
fn the_last_moment_sweeps_everything() -> Store {
    sweeping(|sweep, (_, blocked, usage)| {
        let is_all = sweep.before(usage.is_used()) == Some(Timestamp::MAX);
        sweep.removes(*blocked, *usage) || (is_all && !blocked)
    })
}

/// Clients of a user are not swept.
fn clients_of_a_user_are_not_swept() -> Store {
    sweeping(|sweep, (_, blocked, usage)| usage.user().is_none() && sweep.removes(*blocked, *usage))
}

/// Shared clients are not swept.
fn shared_clients_are_not_swept() -> Store {
    sweeping(|sweep, (_, blocked, usage)| !usage.is_shared() && sweep.removes(*blocked, *usage))
}

/// A client that is unblocked is not swept any more.
fn a_client_that_was_blocked_is_not_swept() -> Store {
    Store::new().sweep_by(|rows, given| {
        let mut due = rows.due(given);
        due.retain(|id| {
            let row = rows.get(&At::new(&given.0, id));
            row.is_some_and(|row| row.revision == 0)
        });
        rows.take_all(&given.0, &due);
        Ok(due)
    })
}

/// Whether a client is blocked is read from its record.
fn a_sweep_reads_the_record() -> Store {
    Store::new().sweep_by(|rows, given| {
        let (tenant, sweep) = given;
        let is_due = |row: &&Row| sweep.removes(row.record.contains("\"blocked\":true"), row.usage);
        let due = rows.of(tenant).filter(is_due).map(|row| row.at.id.clone());
        let due: Vec<ClientId> = due.take(sweep.max_removed() as usize).collect();
        rows.take_all(tenant, &due);
        Ok(due)
    })
}

/// A store whose sweeps have another limit.
fn limiting(limit: fn(u32) -> u32) -> Store {
    Store::new().sweep_slowly(move |table, (tenant, sweep)| async move {
        table.alone(|rows| {
            let all = (tenant.clone(), sweep.limit(Sweep::MAX_LIMIT));
            let mut due = rows.due(&all);
            due.truncate(limit(sweep.max_removed()) as usize);
            rows.take_all(&tenant, &due);
            Ok(due)
        })
    })
}

/// A sweep removes one client more than its limit.
fn a_sweep_removes_one_more() -> Store {
    limiting(|limit| limit + 1)
}

/// A limit of zero is none.
fn a_sweep_of_zero_has_no_limit() -> Store {
    limiting(|limit| if limit == 0 { Sweep::MAX_LIMIT } else { limit })
}

/// A sweep removes at most a hundred clients.
fn a_sweep_removes_a_hundred() -> Store {
    limiting(|limit| limit.min(100))
}

/// A sweep removes at most 999 clients.
fn a_sweep_removes_999() -> Store {
    limiting(|limit| limit.min(999))
}

/// A sweep has the limit for each kind.
fn a_limit_is_for_each_kind() -> Store {
    Store::new().sweep_by(|rows, (tenant, sweep)| {
        let mut swept = Vec::new();
        for is_used in [false, true] {
            let sweep = match (is_used, sweep.before(is_used)) {
                (_, None) => continue,
                (true, Some(moment)) => Sweep::new().idle_before(moment).limit(sweep.max_removed()),
                (false, Some(moment)) => Sweep::new()
                    .unused_before(moment)
                    .limit(sweep.max_removed()),
            };
            swept.extend(rows.sweep(&(tenant.clone(), sweep))?);
        }
        Ok(swept)
    })
}

/// A sweep looks at as many clients as it may remove.
fn a_sweep_looks_at_the_first_clients() -> Store {
    Store::new().sweep_by(|rows, given| {
        let (tenant, sweep) = given;
        let first = rows.of(tenant).take(sweep.max_removed() as usize);
        let due = first.filter(|row| sweep.removes(row.blocked, row.usage));
        let due: Vec<ClientId> = due.map(|row| row.at.id.clone()).collect();
        rows.take_all(tenant, &due);
        Ok(due)
    })
}

/// A sweep looks at the clients up to the first that is blocked.
fn a_sweep_ends_at_a_blocked_client() -> Store {
    Store::new().sweep_by(|rows, given| {
        let (tenant, sweep) = given;
        let first = rows.of(tenant).take_while(|row| !row.blocked);
        let due = first.filter(|row| sweep.removes(row.blocked, row.usage));
        let due: Vec<ClientId> = due.map(|row| row.at.id.clone()).collect();
        let due = due
            .into_iter()
            .take(sweep.max_removed() as usize)
            .collect::<Vec<_>>();
        rows.take_all(tenant, &due);
        Ok(due)
    })
}

/// A sweep says nothing of what it removes.
fn a_sweep_tells_nothing() -> Store {
    Store::new().sweep_by(|rows, given| rows.sweep(given).map(|_| Vec::new()))
}

/// A sweep tells each client twice.
fn a_sweep_tells_each_client_twice() -> Store {
    Store::new().sweep_by(|rows, given| {
        let swept = rows.sweep(given)?;
        Ok([&swept[..], &swept].concat())
    })
}

/// A sweep tells clients that it leaves at the limit.
fn a_sweep_tells_what_it_leaves() -> Store {
    Store::new().sweep_by(|rows, given| {
        let due = rows.due(&(given.0.clone(), given.1.limit(Sweep::MAX_LIMIT)));
        rows.sweep(given)?;
        Ok(due)
    })
}

/// The last of many clients that are swept comes back.
fn a_swept_client_comes_back() -> Store {
    Store::new().sweep_by(|rows, given| {
        let due = rows.due(given);
        let last = due.last().map(|id| At::new(&given.0, id));
        let row = last.as_ref().and_then(|at| rows.get(at).cloned());
        rows.take_all(&given.0, &due);
        if let Some(row) = row.filter(|_| due.len() > 2) {
            let usage = Usage::from_parts(true, Timestamp::MAX, None, false);
            *rows.count(&given.0) += 1;
            rows.stored
                .insert(rows.place(&row.at), Row { usage, ..row });
        }
        Ok(due)
    })
}

caught! {
    blocked_clients_are_swept
    a_client_idle_since_then_is_swept
    a_used_client_idle_since_then_is_swept
    sweeps_compare_seconds
    used_clients_are_swept_as_unused
    only_one_kind_is_swept
    a_moment_that_is_not_given_is_the_last
    the_last_moment_sweeps_everything
    clients_of_a_user_are_not_swept
    shared_clients_are_not_swept
    a_client_that_was_blocked_is_not_swept
    a_sweep_reads_the_record
    a_sweep_removes_one_more
    a_sweep_of_zero_has_no_limit
    a_limit_is_for_each_kind
    a_sweep_ends_at_a_blocked_client
    a_sweep_tells_nothing
    a_sweep_tells_each_client_twice
    a_sweep_tells_what_it_leaves
    a_swept_client_comes_back
}

caught! { by a_tenant_may_have_thousands_of_clients:
    a_sweep_removes_a_hundred
    a_sweep_removes_999
    a_sweep_looks_at_the_first_clients
}
