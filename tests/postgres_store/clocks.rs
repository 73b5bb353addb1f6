//! Nodes whose clocks differ, on one database.

use std::{
    num::NonZeroU64,
    sync::{Arc, Mutex},
    time::Duration,
};

use oauth_dcr::{
    ClientId, Registrar, RegistrationRequest, TenantSettings, Timestamp,
    acl::Signals,
    events::{Event, EventSink},
    postgres::PostgresStore,
    store::ClientStore as _,
    system::{Clock, SystemClock},
    tenants::TenantSelector,
};

use crate::fixture::Fixture;

const TWO_DAYS: Duration = Duration::from_hours(48);

/// A clock that is two days ahead or behind.
struct WrongClock {
    right: SystemClock,
    is_ahead: bool,
}

impl Clock for WrongClock {
    fn now(&self) -> Timestamp {
        let now = self.right.now();
        if self.is_ahead {
            now.saturating_add(TWO_DAYS)
        } else {
            now.saturating_sub(TWO_DAYS)
        }
    }

    fn monotonic(&self) -> Duration {
        self.right.monotonic()
    }
}

/// The difference between the node's clock and the store's in whole days, as events report it.
#[derive(Clone, Default, Debug)]
struct Differences(Arc<Mutex<Vec<u64>>>);

impl EventSink for Differences {
    fn record(&self, event: &Event<'_>) {
        if let Event::ClockDiffers { node, store, .. } = event {
            let difference = node.unix_seconds().abs_diff(store.unix_seconds());
            let days = (difference + 43_200) / 86_400;
            self.0.lock().unwrap().push(days);
        }
    }
}

fn node(store: &PostgresStore, is_ahead: Option<bool>) -> (Registrar, Differences) {
    let mut tenant = TenantSettings::new().enabled();
    tenant.registration.remove_unused_after_seconds = NonZeroU64::new(86_400);
    let differences = Differences::default();
    let mut builder = Registrar::builder(store.clone())
        .tenant(tenant)
        .events(differences.clone());
    if let Some(is_ahead) = is_ahead {
        let right = SystemClock::new();
        builder = builder.clock(WrongClock { right, is_ahead });
    }
    (builder.build().unwrap(), differences)
}

async fn register(registrar: &Registrar) -> ClientId {
    let host = TenantSelector::Host(None);
    let admission = registrar.admit(host, Signals::new()).await.unwrap();
    let request = RegistrationRequest::new(["https://app.example.com/callback"]);
    let registered = admission.register(request).await.unwrap();
    registered.client().id().clone()
}

async fn sweep(registrar: &Registrar) -> Vec<ClientId> {
    let owner = registrar.owner(TenantSelector::Host(None)).await.unwrap();
    owner.sweep(100).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_node_clocks_sweep_no_new_client() {
    let fixture = Fixture::new().await;
    let [right, ahead, behind] =
        [None, Some(true), Some(false)].map(|is_ahead| node(&fixture.nodes[0], is_ahead));
    for (registrar, _) in [&right, &ahead, &behind] {
        register(registrar).await;
    }
    for (registrar, differences) in [&right, &ahead, &behind] {
        assert_eq!(sweep(registrar).await, [], "{differences:?}");
    }
    assert_eq!(fixture.rows("default").await, 3);
    let told = |(_, differences): &(Registrar, Differences)| differences.0.lock().unwrap().clone();
    assert_eq!(
        [told(&right), told(&ahead), told(&behind)],
        [vec![], vec![2], vec![2]]
    );
    // A day later by the database's clock, each node sweeps the clients.
    let earlier = "UPDATE oauth_dcr_clients SET idle_since = idle_since - 25 * 3600 * 1000";
    sqlx::query(earlier).execute(&fixture.pool).await.unwrap();
    assert_eq!(sweep(&behind.0).await.len(), 3);
}

#[tokio::test]
async fn the_stores_clock_is_the_databases() {
    let fixture = Fixture::new().await;
    let millis = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::BIGINT";
    let before: i64 = sqlx::query_scalar(millis)
        .fetch_one(&fixture.pool)
        .await
        .unwrap();
    let now = fixture.nodes[0].now().await.unwrap().unwrap();
    let after: i64 = sqlx::query_scalar(millis)
        .fetch_one(&fixture.pool)
        .await
        .unwrap();
    let now = i64::try_from(now.unix_millis()).unwrap();
    assert!((before..=after).contains(&now), "{before} {now} {after}");
}
