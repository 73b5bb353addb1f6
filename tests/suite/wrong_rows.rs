//! A store that answers with the row of another client: no caller is given that client.

use std::{error::Error as _, sync::Arc, time::Duration};

use oauth_dcr::{
    BackendError, Client, ClientId, MemoryStore, OwnerError, RegistrationRequest, TenantId,
    client::{StoredClient, UnreadableClient},
    store::{
        Activity, BlockOutcome, ClientStore, ClientUpdate, InsertOutcome, Insertion, RemoveOutcome,
        Sweep, TouchOutcome, UpdateOutcome,
    },
    types::ErrorRedirectPolicy,
};
use serde_json::{Value, json};

use crate::support::fixture::{Fixture, id_of};

const REASON: &str = "it is the record of another client";

/// A store in memory that answers with clients whose `member` has another value.
#[derive(Clone)]
struct Misrouting {
    store: MemoryStore,
    member: &'static str,
    value: &'static str,
}

impl Misrouting {
    /// Answers with clients of another tenant.
    fn tenants() -> Self {
        Self::new("tenant", "t2")
    }

    /// Answers with another client of the tenant.
    fn ids() -> Self {
        Self::new("client_id", "tpc_another")
    }

    fn new(member: &'static str, value: &'static str) -> Self {
        let store = MemoryStore::new();
        Self {
            store,
            member,
            value,
        }
    }

    fn another(&self, client: &Client) -> Arc<Client> {
        let mut record = serde_json::to_value(client).unwrap();
        record[self.member] = self.value.into();
        Arc::new(serde_json::from_value(record).unwrap())
    }

    fn answer(&self, row: StoredClient) -> StoredClient {
        self.another(&row.readable().unwrap()).into()
    }

    /// A client that is stored as it should be.
    async fn stored(&self, id: &ClientId) -> Client {
        let row = self.store.find(&tenant(), id).await.unwrap().unwrap();
        Arc::unwrap_or_clone(row.readable().unwrap())
    }
}

impl ClientStore for Misrouting {
    async fn insert(&self, insertion: Insertion) -> Result<InsertOutcome, BackendError> {
        let client = Arc::clone(insertion.client());
        let copy = Insertion::new(client).deduplicated_by(insertion.duplicate_key());
        let outcome = match self.store.insert(copy).await? {
            InsertOutcome::Duplicate(into) => InsertOutcome::Duplicate(self.another(&into)),
            other => other,
        };
        Ok(insertion.settle(outcome))
    }

    async fn find(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<Option<StoredClient>, BackendError> {
        let found = self.store.find(tenant, id).await?;
        Ok(found.map(|row| self.answer(row)))
    }

    async fn list(
        &self,
        tenant: &TenantId,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<Vec<StoredClient>, BackendError> {
        let rows = self.store.list(tenant, after, limit).await?;
        Ok(rows.into_iter().map(|row| self.answer(row)).collect())
    }

    async fn update(&self, update: ClientUpdate) -> Result<UpdateOutcome, BackendError> {
        self.store.update(update).await
    }

    async fn set_blocked(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        blocked: bool,
    ) -> Result<BlockOutcome, BackendError> {
        self.store.set_blocked(tenant, id, blocked).await
    }

    async fn remove(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<RemoveOutcome, BackendError> {
        self.store.remove(tenant, id).await
    }

    async fn touch(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        touch: Activity,
    ) -> Result<TouchOutcome, BackendError> {
        self.store.touch(tenant, id, touch).await
    }

    async fn sweep(&self, tenant: &TenantId, sweep: Sweep) -> Result<Vec<ClientId>, BackendError> {
        self.store.sweep(tenant, sweep).await
    }
}

fn tenant() -> TenantId {
    TenantId::parse("t1").unwrap()
}

fn body() -> Value {
    json!({
        "redirect_uris": ["https://app.example.com/callback"],
        "token_endpoint_auth_method": "none",
    })
}

#[tokio::test]
async fn a_duplicate_of_another_tenant_is_refused() {
    let fixture = Fixture::with_store(Misrouting::tenants(), json!({ "fold_identical": true }));
    let first = id_of(&fixture.register(&body()).await);
    fixture.events();
    let (status, answer) = fixture.send(body().to_string()).await;
    assert_eq!(
        (status, &answer["error"]),
        (503, &json!("temporarily_unavailable"))
    );
    assert!(!answer.to_string().contains(first.as_str()), "{answer}");
    assert_eq!(fixture.kinds_of_events(), ["Unreadable", "Refused"]);
}

#[tokio::test]
async fn a_duplicate_of_this_tenant_is_answered() {
    let fixture = Fixture::with_store(Misrouting::ids(), json!({ "fold_identical": true }));
    fixture.register(&body()).await;
    let again = id_of(&fixture.register(&body()).await);
    assert_eq!(again.as_str(), "tpc_another");
    assert_eq!(fixture.kinds_of_events(), ["Registered", "Deduplicated"]);
}

#[tokio::test]
async fn another_client_is_not_found() {
    for store in [Misrouting::tenants(), Misrouting::ids()] {
        let fixture = Fixture::with_store(store, json!({}));
        let id = id_of(&fixture.register(&body()).await);
        fixture.events();
        let error = fixture.registrar.find(&tenant(), &id).await.unwrap_err();
        let unreadable = error.source().unwrap().downcast_ref::<UnreadableClient>();
        assert_eq!(unreadable, Some(&UnreadableClient::new(id.clone(), REASON)));
        assert_eq!(fixture.kinds_of_events(), ["Unreadable"]);
    }
}

#[tokio::test]
async fn an_owner_cannot_change_another_client() {
    for store in [Misrouting::tenants(), Misrouting::ids()] {
        let fixture = Fixture::with_store(store, json!({}));
        let id = id_of(&fixture.register(&body()).await);
        let stored = fixture.store.stored(&id).await;
        let owner = fixture.owner().await;
        let request = RegistrationRequest::new(["https://app.example.com/new"]);
        let policy = ErrorRedirectPolicy::AllowAlways;
        let errors = [
            owner.find(&id).await.map(|_| ()),
            owner.update(&stored, request).await.map(|_| ()),
            owner.rotate_secret(&id, Duration::ZERO).await.map(|_| ()),
            owner
                .set_error_redirect_policy(&id, policy)
                .await
                .map(|_| ()),
        ];
        for error in errors {
            let Err(OwnerError::Unreadable(client)) = error else {
                panic!("{error:?}");
            };
            assert_eq!(client, UnreadableClient::new(id.clone(), REASON));
        }
        assert_eq!(fixture.store.stored(&id).await, stored);
    }
}

#[tokio::test]
async fn a_page_hides_clients_of_another_tenant() {
    let fixture = Fixture::with_store(Misrouting::tenants(), json!({}));
    let id = id_of(&fixture.register(&body()).await);
    let page = fixture.owner().await.list(None, 10).await.unwrap();
    assert_eq!(page.clients, []);
    assert_eq!(page.unreadable, [UnreadableClient::new(id, REASON)]);
}
