//! Nodes whose clocks differ share one store that has a clock.

use std::{sync::Arc, time::Duration};

use oauth_dcr::{
    Client, ClientId, MarkOutcome, Registrar, RegistrationError, RegistrationRequest,
    TenantSettings, Timestamp, acl::Signals, store::ClientStore as _, system::Clock as _,
    tenants::TenantSelector,
};

use crate::{
    faulty_store::FaultyStore,
    support::{broken::Recorder, clock::ManualClock},
};

const HOUR: u64 = 3_600_000;

/// The hour at which each test starts, by the store's clock.
const START: u64 = 100;

/// By how much the clock of a wrong node differs from the store's clock.
const OFF: u64 = 48;

struct Node {
    registrar: Registrar,
    clock: Arc<ManualClock>,
    tenant: TenantSettings,
    events: Arc<Recorder>,
    /// The hour that its clock shows at the start.
    began: u64,
}

/// A store, and nodes whose clocks are right, two days ahead and two days behind.
struct Cluster {
    store: FaultyStore,
    /// The time of the store.
    time: Arc<ManualClock>,
    right: Node,
    ahead: Node,
    behind: Node,
}

fn clock(hour: u64) -> Arc<ManualClock> {
    let clock = ManualClock::new();
    clock.set_millis(hour * HOUR);
    Arc::new(clock)
}

impl Node {
    fn new(store: &FaultyStore, tenant: &TenantSettings, began: u64) -> Self {
        let (clock, events) = (clock(began), Arc::new(Recorder::default()));
        let registrar = Registrar::builder(store.clone())
            .tenant(tenant.clone())
            .clock(Arc::clone(&clock))
            .events(Arc::clone(&events));
        Self {
            registrar: registrar.build().unwrap(),
            clock,
            tenant: tenant.clone(),
            events,
            began,
        }
    }

    async fn try_register(&self) -> Result<Arc<Client>, RegistrationError> {
        let request = RegistrationRequest::new(["https://app.example.com/callback"]);
        let admission = self
            .registrar
            .admit(TenantSelector::Host(None), Signals::new());
        let registered = admission.await?.register(request).await?;
        Ok(Arc::clone(registered.client()))
    }

    async fn register(&self) -> Arc<Client> {
        self.try_register().await.unwrap()
    }

    async fn sweep(&self) -> Vec<ClientId> {
        let owner = self.registrar.owner(TenantSelector::Host(None)).await;
        owner.unwrap().sweep(100).await.unwrap()
    }

    async fn mark_used(&self, id: &ClientId, live_until: Option<Timestamp>) {
        let marked = self.registrar.mark_used(&self.tenant, id, live_until, None);
        let evicted = Vec::new();
        assert_eq!(marked.await.unwrap(), MarkOutcome::Marked { evicted });
    }

    fn clock_events(&self) -> Vec<String> {
        let events = self.events.0.lock().unwrap();
        let differs = events
            .iter()
            .filter(|event| event.starts_with("ClockDiffers"));
        differs.cloned().collect()
    }
}

impl Cluster {
    fn new(set: impl FnOnce(&mut TenantSettings)) -> Self {
        let time = clock(START);
        let store = FaultyStore {
            clock: Some(Arc::clone(&time) as _),
            ..FaultyStore::default()
        };
        let mut tenant = TenantSettings::new().enabled();
        tenant.registration.rate_limit = None;
        set(&mut tenant);
        let node = |began| Node::new(&store, &tenant, began);
        Self {
            right: node(START),
            ahead: node(START + OFF),
            behind: node(START - OFF),
            store,
            time,
        }
    }

    /// Sets all clocks to this many hours after the start.
    fn set_hour(&self, hour: u64) {
        self.time.set_millis((START + hour) * HOUR);
        for node in [&self.right, &self.ahead, &self.behind] {
            node.clock.set_millis((node.began + hour) * HOUR);
        }
    }

    fn store_time(&self) -> Timestamp {
        self.time.now()
    }
}

fn a_day(tenant: &mut TenantSettings) {
    let day = std::num::NonZeroU64::new(86_400);
    tenant.registration.remove_unused_after_seconds = day;
    tenant.registration.remove_idle_after_seconds = day;
}

#[tokio::test]
async fn clients_are_issued_by_the_stores_clock() {
    let cluster = Cluster::new(|_| {});
    for node in [&cluster.right, &cluster.ahead, &cluster.behind] {
        assert_eq!(node.register().await.issued_at(), cluster.store_time());
    }
}

#[tokio::test]
async fn all_nodes_sweep_unused_clients_at_one_time() {
    let cluster = Cluster::new(a_day);
    let mut ids = Vec::new();
    for node in [&cluster.right, &cluster.ahead, &cluster.behind] {
        ids.push(node.register().await.id().clone());
    }
    ids.sort();
    for hour in [0, 12, 24] {
        cluster.set_hour(hour);
        for node in [&cluster.behind, &cluster.right, &cluster.ahead] {
            assert_eq!(node.sweep().await, [], "after {hour} hours");
        }
    }
    // A new client counts as idle from one hour after its registration at the latest.
    cluster.set_hour(26);
    let mut swept = cluster.behind.sweep().await;
    swept.sort();
    assert_eq!(swept, ids);
}

#[tokio::test]
async fn live_grant_lasts_equally_long_on_all_nodes() {
    for is_ahead in [true, false] {
        let cluster = Cluster::new(a_day);
        let node = if is_ahead {
            &cluster.ahead
        } else {
            &cluster.behind
        };
        let client = node.register().await;
        let ten_hours = Duration::from_hours(10);
        let live_until = node.clock.now().saturating_add(ten_hours);
        node.mark_used(client.id(), Some(live_until)).await;
        // The ten hours of the grant, one hour of write granularity, and one day from the settings.
        cluster.set_hour(35);
        assert_eq!(cluster.right.sweep().await, []);
        cluster.set_hour(36);
        assert_eq!(cluster.right.sweep().await, [client.id().clone()]);
    }
}

#[tokio::test]
async fn a_node_ahead_evicts_no_client_in_use() {
    let one = |tenant: &mut TenantSettings| {
        tenant.registration.max_clients = std::num::NonZeroU64::new(1);
    };
    let cluster = Cluster::new(one);
    let client = cluster.right.register().await;
    cluster.right.mark_used(client.id(), None).await;
    let refused = cluster.ahead.try_register().await.unwrap_err();
    assert!(matches!(refused, RegistrationError::TooManyClients));
    let tenant = &cluster.right.tenant.id;
    let found = cluster.store.find(tenant, client.id()).await;
    assert!(found.unwrap().is_some());
}

#[tokio::test]
async fn node_reports_that_its_clock_is_wrong() {
    let cluster = Cluster::new(|_| {});
    for node in [&cluster.right, &cluster.ahead, &cluster.behind] {
        node.registrar.store_time().await.unwrap();
        node.register().await;
    }
    assert_eq!(cluster.right.clock_events(), [""; 0]);
    for node in [&cluster.ahead, &cluster.behind] {
        let (own, store) = (node.clock.now(), cluster.store_time());
        let expected = format!("ClockDiffers {{ node: {own:?}, store: {store:?} }}");
        assert_eq!(node.clock_events(), [expected]);
    }
    cluster.set_hour(1);
    cluster.ahead.register().await;
    assert_eq!(
        cluster.ahead.clock_events().len(),
        2,
        "it says so again after an hour"
    );
}

#[tokio::test]
async fn registrations_fail_if_the_time_is_unknown() {
    let node = Node::new(
        &FaultyStore::failing(),
        &TenantSettings::new().enabled(),
        START,
    );
    assert_eq!(
        node.registrar.store_time().await.unwrap_err().backend(),
        "test"
    );
    let failed = node.try_register().await.unwrap_err();
    assert!(matches!(failed, RegistrationError::Backend(_)));
}
