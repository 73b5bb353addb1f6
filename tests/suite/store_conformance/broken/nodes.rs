//! Stores with nodes that each remember something that another node changes.

use std::sync::Arc;

use oauth_dcr::{
    Client, ClientId, Timestamp,
    client::StoredClient,
    store::{Activity, InsertOutcome, TouchOutcome},
};

use super::{memory::Memory, *};

/// A node remembers that it has not found a client, until it stores the client itself.
fn a_node_remembers_missing_clients() -> Nodes {
    Nodes::each(|node| {
        let missing = Memory::<At, ()>::new();
        let stored = missing.clone();
        let node = node.find_slowly(move |table, at| {
            let missing = missing.clone();
            async move {
                if missing.get(&at).is_some() {
                    return Ok(None);
                }
                let found = table.alone(|rows| rows.find(&at))?;
                if found.is_none() {
                    missing.set(at, ());
                }
                Ok(found)
            }
        });
        node.insert_slowly(move |table, insertion| {
            stored.forget(&At::of(insertion.client()));
            async move { table.alone(|rows| rows.insert(&insertion)) }
        })
    })
}

/// A node remembers the client of a key as long as it is there.
fn a_node_remembers_duplicates() -> Nodes {
    Nodes::each(|node| {
        let first = Memory::<String, Arc<Client>>::new();
        node.insert_slowly(move |table, insertion| {
            let first = first.clone();
            async move {
                let tenant = insertion.client().tenant();
                let key = format!("{tenant} {:?}", insertion.duplicate_key());
                let outcome = table.alone(|rows| rows.insert(&insertion))?;
                let InsertOutcome::Duplicate(client) = outcome else {
                    return Ok(outcome);
                };
                let known = first.get(&key).filter(|known| known.id() == client.id());
                let known = known.unwrap_or(client);
                first.set(key, Arc::clone(&known));
                Ok(InsertOutcome::Duplicate(known))
            }
        })
    })
}

/// A node remembers that a key is free, until it stores a client with the key itself.
fn a_node_remembers_free_keys() -> Nodes {
    Nodes::each(|node| {
        let free = Memory::<String, ()>::new();
        node.insert_slowly(move |table, insertion| {
            let free = free.clone();
            async move {
                let tenant = insertion.client().tenant();
                let key = format!("{tenant} {:?}", insertion.duplicate_key());
                let is_free = free.get(&key).is_some();
                let outcome = table.alone(|rows| {
                    if is_free && let Some(key) = insertion.duplicate_key() {
                        let at = At::of(insertion.client());
                        rows.take_key(&at, Some(key));
                    }
                    rows.insert(&insertion)
                })?;
                match outcome {
                    InsertOutcome::IdTaken => free.set(key, ()),
                    _ => free.forget(&key),
                }
                Ok(outcome)
            }
        })
    })
}

/// A node remembers until when a client is known to be active, whatever became of the client.
fn a_node_remembers_activity() -> Nodes {
    Nodes::each(|node| {
        let active = Memory::<At, (Activity, Timestamp)>::new();
        node.touch_slowly(move |table, given| {
            let active = active.clone();
            async move {
                let (at, activity) = &given;
                let known = active.get(at);
                let is_known = |(same, until): (Activity, Timestamp)| {
                    same.user() == activity.user() && same.is_use() && until >= activity.until()
                };
                if known.is_some_and(is_known) {
                    return Ok(TouchOutcome::Unchanged);
                }
                let outcome = table.alone(|rows| rows.touch(&given))?;
                if outcome != TouchOutcome::Missing {
                    active.set(at.clone(), (*activity, activity.idle_since()));
                }
                Ok(outcome)
            }
        })
    })
}

/// A node counts its own clients.
fn a_node_counts_its_own_clients() -> Nodes {
    Nodes::each(|node| {
        let own = Memory::<At, ()>::new();
        node.insert_slowly(move |table, insertion| {
            let own = own.clone();
            async move {
                let at = At::of(insertion.client());
                let outcome = table.alone(|rows| {
                    let is_foreign = |row: &&Row| own.get(&row.at).is_none();
                    let foreign = rows.of(&at.tenant).filter(is_foreign).count();
                    let foreign = i64::try_from(foreign).unwrap();
                    *rows.count(&at.tenant) -= foreign;
                    let outcome = rows.insert(&insertion);
                    *rows.count(&at.tenant) += foreign;
                    outcome
                })?;
                if matches!(outcome, InsertOutcome::Inserted { .. }) {
                    own.set(at, ());
                }
                Ok(outcome)
            }
        })
    })
}

/// A node remembers a page until it changes the tenant itself.
fn a_node_remembers_pages() -> Nodes {
    Nodes::each(|node| {
        let pages = Memory::<String, (Vec<ClientId>, Vec<StoredClient>)>::new();
        node.list_slowly(move |table, page| {
            let pages = pages.clone();
            async move {
                let ids: Vec<ClientId> = table
                    .alone(|rows| rows.of(&page.tenant).map(|row| row.at.id.clone()).collect());
                // The same candidate ids stand for the same clients.
                let key = format!("{page:?}");
                if let Some((known, list)) = pages.get(&key).filter(|(known, _)| *known == ids) {
                    drop(known);
                    return Ok(list);
                }
                let list = table.alone(|rows| rows.list(&page))?;
                pages.set(key, (ids, list.clone()));
                Ok(list)
            }
        })
    })
}

/// A node that reads the rows as they were before the last call that wrote.
fn lagging(node: Store, before: &Memory<At, Option<Row>>) -> Store {
    let (written, read) = (before.clone(), before.clone());
    let node = node.update_slowly(move |table, update| {
        let at = At::of(update.client());
        written.set(at.clone(), table.alone(|rows| rows.get(&at).cloned()));
        async move { table.alone(|rows| rows.update(&update)) }
    });
    node.find_slowly(move |table, at| {
        let before = read.get(&at).flatten();
        // A reader that returns has waited long enough.
        read.forget(&at);
        async move {
            let found = table.alone(|rows| rows.find(&at))?;
            let old = before.filter(|_| found.is_some()).map(|row| row.read());
            Ok(old.or(found))
        }
    })
}

/// A replica answers with the client as it was before the last update.
fn a_replica_lags_behind() -> Store {
    lagging(Store::new(), &Memory::new())
}

/// A node writes an activity with the next activity of any client.
fn a_node_writes_activity_later() -> Nodes {
    Nodes::each(|node| {
        let waiting = Memory::<(), (At, Activity)>::new();
        node.touch_slowly(move |table, given| {
            let waiting = waiting.clone();
            async move {
                let before = waiting.get(&());
                let before = before.map(|before| table.alone(|rows| rows.touch(&before)));
                before.transpose()?;
                let row = table.alone(|rows| rows.get(&given.0).cloned());
                let says_more = row.map(|row| row.usage.touched(given.1).is_some());
                waiting.set((), given);
                Ok(match says_more {
                    None => TouchOutcome::Missing,
                    Some(false) => TouchOutcome::Unchanged,
                    Some(true) => TouchOutcome::Written {
                        evicted: Vec::new(),
                    },
                })
            }
        })
    })
}

caught! {
    a_node_remembers_missing_clients
    a_node_remembers_duplicates
    a_node_remembers_free_keys
    a_node_remembers_activity
    a_node_counts_its_own_clients
    a_node_remembers_pages
    a_replica_lags_behind
    a_node_writes_activity_later
}
