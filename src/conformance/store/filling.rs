//! Fills each tenant of a rule to its limit, so that a wrong count shows.

use std::sync::Arc;

use crate::{
    client::Client,
    conformance::store::{
        fixture::{Fixture, fail, hour, insertion, limited},
        nodes::Nodes,
    },
    store::InsertOutcome,
};

/// The most tenants that are filled. The rules with more of them look at their counts themselves.
const MOST_TENANTS: usize = 32;

/// "A limit counts the clients that are stored", whatever the rule has done.
pub(in crate::conformance) async fn fill(nodes: Arc<Nodes>) {
    for tenant in nodes.tenants().into_iter().take(MOST_TENANTS) {
        let fixture = Fixture::new(Arc::clone(&nodes)).within(tenant);
        fill_tenant(&fixture).await;
    }
}

async fn fill_tenant(fixture: &Fixture<Arc<Nodes>>) {
    let rule = "afterwards, a limit counts the clients that are stored";
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
                &format!("{rule}: {clients}, and there are {places} places"),
                &outcome,
            );
        }
    }
    let outcome = fill().await;
    let is_one = matches!(&outcome, InsertOutcome::Inserted { removed } if removed.len() == 1);
    if !is_one {
        fail(&format!("{rule}: the {places} places are taken"), &outcome);
    }
    let left = fixture.names().await.len();
    if left != clients + 2 {
        fail(&format!("{rule}: as many as there are places stay"), &left);
    }
}
