//! A store that returns the row of another client: no caller gets that client.

use std::{error::Error as _, sync::Arc, time::Duration};

use oauth_dcr::{
    Client, ClientId, OwnerError, RegistrationRequest, TenantId, client::UnreadableClient,
    store::ClientStore as _, types::ErrorRedirectPolicy,
};
use serde_json::{Value, json};

use crate::{
    faulty_store::FaultyStore,
    support::fixture::{Fixture, id_of},
};

const REASON: &str = "it is the record of another client";

/// Returns clients of another tenant.
fn another_tenant() -> FaultyStore {
    FaultyStore {
        replaced: Some(("tenant", "t2")),
        ..FaultyStore::default()
    }
}

/// Returns another client of the same tenant.
fn another_id() -> FaultyStore {
    FaultyStore {
        replaced: Some(("client_id", "tpc_another")),
        ..FaultyStore::default()
    }
}

/// A client as it is stored.
async fn stored(store: &FaultyStore, id: &ClientId) -> Client {
    let row = store.clients.find(&tenant(), id).await.unwrap().unwrap();
    Arc::unwrap_or_clone(row.readable().unwrap())
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
    let fixture = Fixture::with_store(another_tenant(), json!({ "fold_identical": true }));
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
async fn duplicate_of_this_tenant_is_returned() {
    let fixture = Fixture::with_store(another_id(), json!({ "fold_identical": true }));
    fixture.register(&body()).await;
    let again = id_of(&fixture.register(&body()).await);
    assert_eq!(again.as_str(), "tpc_another");
    assert_eq!(fixture.kinds_of_events(), ["Registered", "Deduplicated"]);
}

#[tokio::test]
async fn another_client_is_not_found() {
    for store in [another_tenant(), another_id()] {
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
    for store in [another_tenant(), another_id()] {
        let fixture = Fixture::with_store(store, json!({}));
        let id = id_of(&fixture.register(&body()).await);
        let before = stored(&fixture.store, &id).await;
        let owner = fixture.owner().await;
        let request = RegistrationRequest::new(["https://app.example.com/new"]);
        let policy = ErrorRedirectPolicy::AllowAlways;
        let errors = [
            owner.find(&id).await.map(|_| ()),
            owner.update(&before, request).await.map(|_| ()),
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
        assert_eq!(stored(&fixture.store, &id).await, before);
    }
}

#[tokio::test]
async fn a_page_hides_clients_of_another_tenant() {
    let fixture = Fixture::with_store(another_tenant(), json!({}));
    let id = id_of(&fixture.register(&body()).await);
    let page = fixture.owner().await.list(None, 10).await.unwrap();
    assert_eq!(page.clients, []);
    assert_eq!(page.unreadable, [UnreadableClient::new(id, REASON)]);
}
