//! Stores that find a client in an earlier state.

use oauth_dcr::{
    client::StoredClient,
    store::{InsertOutcome, TouchOutcome},
};

use super::{memory::Memory, *};

/// The calls after which a node forgets a client. Other nodes do not notice them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clears {
    /// All calls of the node itself.
    Everything,
    /// All calls except blocks.
    AllButBlocks,
    /// All calls except evictions.
    AllButEvictions,
    /// All calls except sweeps.
    AllButSweeps,
}

/// A node that remembers the clients which it has found.
fn remembering(node: Store, clears: Clears) -> Store {
    let memory = Memory::<At, StoredClient>::new();
    let remember = memory.clone();
    let node = node.find_slowly(move |table, at| {
        let memory = remember.clone();
        async move {
            if let Some(found) = memory.get(&at) {
                return Ok(Some(found));
            }
            let found = table.alone(|rows| rows.find(&at))?;
            if let Some(found) = &found {
                memory.set(at, found.clone());
            }
            Ok(found)
        }
    });
    forgetting(forgetting_written(node, &memory, clears), &memory, clears)
}

/// Forgets clients that are updated, blocked or removed on this node.
fn forgetting_written<V: Clone + Send + 'static>(
    node: Store,
    memory: &Memory<At, V>,
    clears: Clears,
) -> Store {
    let (updated, blocked, removed) = (memory.clone(), memory.clone(), memory.clone());
    let node = node.update_slowly(move |table, update| {
        updated.forget(&At::of(update.client()));
        async move { table.alone(|rows| rows.update(&update)) }
    });
    let node = node.block_slowly(move |table, given| {
        if clears != Clears::AllButBlocks {
            blocked.forget(&given.0);
        }
        async move { table.alone(|rows| rows.set_blocked(&given)) }
    });
    node.remove_slowly(move |table, at| {
        removed.forget(&at);
        async move { table.alone(|rows| rows.remove(&at)) }
    })
}

/// Forgets clients that are swept or evicted on this node.
fn forgetting<V: Clone + Send + 'static>(
    node: Store,
    memory: &Memory<At, V>,
    clears: Clears,
) -> Store {
    let (inserted, touched, swept) = (memory.clone(), memory.clone(), memory.clone());
    let node = node.insert_slowly(move |table, insertion| {
        let memory = inserted.clone();
        async move {
            let outcome = table.alone(|rows| rows.insert(&insertion))?;
            let removed = match &outcome {
                InsertOutcome::Inserted { removed } if clears != Clears::AllButEvictions => removed,
                _ => return Ok(outcome),
            };
            memory.forget_all(insertion.client().tenant(), removed);
            Ok(outcome)
        }
    });
    let node = node.touch_slowly(move |table, given| {
        let memory = touched.clone();
        async move {
            let outcome = table.alone(|rows| rows.touch(&given))?;
            if let TouchOutcome::Written { evicted } = &outcome {
                memory.forget_all(&given.0.tenant, evicted);
            }
            Ok(outcome)
        }
    });
    node.sweep_slowly(move |table, given| {
        let memory = swept.clone();
        async move {
            let due = table.alone(|rows| rows.sweep(&given))?;
            if clears != Clears::AllButSweeps {
                memory.forget_all(&given.0, &due);
            }
            Ok(due)
        }
    })
}

/// A node finds clients as it has found them, until it changes them itself.
fn a_node_remembers_clients() -> Nodes {
    Nodes::each(|node| remembering(node, Clears::Everything))
}

/// A store finds clients as it has found them, until they change otherwise than by a block.
fn a_block_is_not_found() -> Store {
    remembering(Store::new(), Clears::AllButBlocks)
}

/// A store finds clients that were evicted for others.
fn an_evicted_client_is_found() -> Store {
    remembering(Store::new(), Clears::AllButEvictions)
}

/// A store finds clients that were swept.
fn a_swept_client_is_found() -> Store {
    remembering(Store::new(), Clears::AllButSweeps)
}

caught! {
    a_node_remembers_clients
    a_block_is_not_found
    an_evicted_client_is_found
    a_swept_client_is_found
}
