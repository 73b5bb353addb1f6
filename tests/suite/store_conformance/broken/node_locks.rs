//! Stores whose nodes each run one call after another without regard to other nodes.

use std::sync::Arc;

use oauth_dcr::store::{RemoveOutcome, TouchOutcome, UpdateOutcome};
use tokio::task::yield_now;

use super::*;

/// A node lets one update at a time look at the revision and write, and does not know of other nodes.
fn a_node_locks_its_own_updates() -> Nodes {
    Nodes::each(|node| {
        let turn = Arc::new(tokio::sync::Mutex::new(()));
        node.update_slowly(move |table, update| {
            let turn = Arc::clone(&turn);
            async move {
                let _turn = turn.lock().await;
                let at = At::of(update.client());
                let revision = table.alone(|rows| rows.get(&at).map(|row| row.revision));
                yield_now().await;
                table.alone(|rows| {
                    let followed = revision.is_some_and(|revision| update.follows(revision));
                    if followed && rows.get(&at).is_some() {
                        rows.write(&update);
                        if update.removes_duplicate_key() {
                            rows.free_key(&at);
                        }
                        return Ok(UpdateOutcome::Updated);
                    }
                    rows.update(&update)
                })
            }
        })
    })
}

/// A node lets one insertion at a time look at the id and store, and does not know of other nodes.
fn a_node_locks_its_own_insertions() -> Nodes {
    Nodes::each(|node| {
        let turn = Arc::new(tokio::sync::Mutex::new(()));
        node.insert_slowly(move |table, insertion| {
            let turn = Arc::clone(&turn);
            async move {
                let _turn = turn.lock().await;
                let at = At::of(insertion.client());
                let was_free = table.alone(|rows| rows.get(&at).is_none());
                yield_now().await;
                table.alone(|rows| {
                    if was_free {
                        rows.take(&at);
                    }
                    rows.insert(&insertion)
                })
            }
        })
    })
}

/// A node lets one touch at a time choose whom it evicts, and does not know of other nodes.
fn a_node_locks_its_own_touches() -> Nodes {
    Nodes::each(|node| {
        let turn = Arc::new(tokio::sync::Mutex::new(()));
        node.touch_slowly(move |table, (at, activity)| {
            let turn = Arc::clone(&turn);
            async move {
                let _turn = turn.lock().await;
                let unlimited = (at.clone(), activity.max_clients_per_user(None));
                let outcome = table.alone(|rows| rows.touch(&unlimited))?;
                let limit = activity
                    .limit()
                    .filter(|_| matches!(outcome, TouchOutcome::Written { .. }));
                let Some(limit) = limit else {
                    return Ok(outcome);
                };
                let evicted = table.alone(|rows| rows.evicted_by(limit, &at));
                yield_now().await;
                table.alone(|rows| rows.take_all(&at.tenant, &evicted));
                Ok(TouchOutcome::Written { evicted })
            }
        })
    })
}

/// A node lets one removal at a time look and remove, and does not know of other nodes.
fn a_node_locks_its_own_removals() -> Nodes {
    Nodes::each(|node| {
        let turn = Arc::new(tokio::sync::Mutex::new(()));
        node.remove_slowly(move |table, at| {
            let turn = Arc::clone(&turn);
            async move {
                let _turn = turn.lock().await;
                let was_there = table.alone(|rows| rows.get(&at).is_some());
                yield_now().await;
                let outcome = table.alone(|rows| rows.remove(&at))?;
                Ok(if was_there {
                    RemoveOutcome::Removed
                } else {
                    outcome
                })
            }
        })
    })
}

caught! { on any runtime:
    a_node_locks_its_own_updates
    a_node_locks_its_own_insertions
    a_node_locks_its_own_touches
    a_node_locks_its_own_removals
}
