//! Fills each tenant of a rule up to a limit, to detect a wrong count.

use std::sync::Arc;

use crate::{
    client::Client,
    conformance::store::{
        fixture::{Fixture, fail, hour, insertion, limited},
        nodes::Nodes,
    },
    store::InsertOutcome,
};

/// The largest number of tenants to fill. Rules with more tenants check the counts themselves.
const MAX_TENANTS: usize = 32;

/// "A limit counts the clients that are stored", whatever calls the rule has made.
pub(in crate::conformance) async fn fill(nodes: Arc<Nodes>) {
    for tenant in nodes.tenants().into_iter().take(MAX_TENANTS) {
        let fixture = Fixture::new(Arc::clone(&nodes)).within(tenant);
        fill_tenant(&fixture).await;
    }
}

async fn fill_tenant(fixture: &Fixture<Arc<Nodes>>) {
    let rule = "after the rule, a limit counts the clients that are stored";
    let clients = fixture.names().await.len();
    let places = u64::try_from(clients).unwrap_or(u64::MAX).saturating_add(2);
    let mut names = ["fill-1", "fill-2", "fill-3"].into_iter();
    let mut fill = async || {
        let client = Client {
            issued_at: hour(100_000),
            ..fixture.client(names.next().unwrap_or_default())
        };
        fixture.insert(limited(insertion(client), places)).await
    };
    for _ in 0..2 {
        let outcome = fill().await;
        let is_stored =
            matches!(&outcome, InsertOutcome::Inserted { removed } if removed.is_empty());
        if !is_stored {
            fail(
                &format!("{rule}: there were {clients} clients, and the limit is {places}"),
                &outcome,
            );
        }
    }
    let outcome = fill().await;
    let evicts_one = matches!(&outcome, InsertOutcome::Inserted { removed } if removed.len() == 1);
    if !evicts_one {
        fail(
            &format!("{rule}: the limit of {places} is reached, so one client is evicted"),
            &outcome,
        );
    }
    let left = fixture.names().await.len();
    if left != clients + 2 {
        fail(&format!("{rule}: {places} clients are stored"), &left);
    }
}
