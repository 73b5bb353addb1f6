//! A registrar with a clock that the test sets, and with a store and events that the test reads.

use std::{sync::Arc, time::Duration};

use http::Request;
use oauth_dcr::{
    Client, ClientId, MarkOutcome, MemoryStore, Owner, Registrar, RegistrationEndpoint, TenantId,
    TenantSettings, Timestamp, settings::SettingsDocument, store::ClientStore, system::Clock as _,
    tenants::TenantSelector,
};
use serde_json::{Value, json};

use super::{broken::Recorder, clock::ManualClock, http::parts};

const HOUR: u64 = 3_600_000;

pub(crate) struct Fixture<S = MemoryStore> {
    pub(crate) registrar: Registrar,
    pub(crate) store: S,
    pub(crate) tenant: TenantSettings,
    clock: Arc<ManualClock>,
    events: Arc<Recorder>,
}

impl Fixture {
    /// One tenant with these registration settings and no rate limit.
    pub(crate) fn new(registration: Value) -> Self {
        Self::with_store(MemoryStore::new(), registration)
    }
}

impl<S: ClientStore + Clone> Fixture<S> {
    pub(crate) fn with_store(store: S, mut registration: Value) -> Self {
        registration["enabled"] = true.into();
        registration["rate_limit"] = Value::Null;
        let document = json!({ "tenants": [{ "id": "t1", "registration": registration }] });
        let document = SettingsDocument::from_json(&document.to_string()).unwrap();
        let tenant = document.into_tenants().pop().unwrap();
        let clock = Arc::new(ManualClock::new());
        let events = Arc::new(Recorder::default());
        let registrar = Registrar::builder(store.clone())
            .tenant(tenant.clone())
            .clock(Arc::clone(&clock))
            .events(Arc::clone(&events))
            .build()
            .unwrap();
        Self {
            registrar,
            store,
            tenant,
            clock,
            events,
        }
    }

    pub(crate) fn set_hour(&self, hours: u64) {
        self.clock.set_millis(hours * HOUR);
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn hours_from_now(&self, hours: u64) -> Timestamp {
        self.now().saturating_add(Duration::from_hours(hours))
    }

    /// Sends a body to the registration endpoint, and returns the status and JSON of the answer.
    pub(crate) async fn send(&self, body: impl Into<Vec<u8>>) -> (u16, Value) {
        let request = Request::post("/oidc/register").header("content-type", "application/json");
        let request = request.body(body.into()).unwrap();
        let endpoint = RegistrationEndpoint::new(self.registrar.clone());
        parts(&endpoint.respond(request).await)
    }

    /// The answer to a valid body.
    pub(crate) async fn register(&self, body: &Value) -> Value {
        let (status, answer) = self.send(body.to_string()).await;
        assert_eq!(status, 201, "{answer}");
        answer
    }

    /// The stored client of an answer.
    pub(crate) async fn stored(&self, answer: &Value) -> Option<Arc<Client>> {
        let tenant = TenantId::parse("t1").unwrap();
        let found = self.registrar.find(&tenant, &id_of(answer)).await;
        found.unwrap()
    }

    pub(crate) async fn mark_used(&self, answer: &Value, live_until: Option<Timestamp>) {
        let marked = self.mark_used_by(answer, live_until, None).await;
        let evicted = Vec::new();
        assert_eq!(marked, MarkOutcome::Marked { evicted });
    }

    pub(crate) async fn mark_used_by(
        &self,
        answer: &Value,
        live_until: Option<Timestamp>,
        user: Option<&str>,
    ) -> MarkOutcome {
        let (tenant, id) = (&self.tenant, id_of(answer));
        let marked = self.registrar.mark_used(tenant, &id, live_until, user);
        marked.await.unwrap()
    }

    pub(crate) async fn owner(&self) -> Owner {
        let owner = self.registrar.owner(TenantSelector::Host(None)).await;
        owner.unwrap()
    }

    /// The events since the last call.
    pub(crate) fn events(&self) -> Vec<String> {
        std::mem::take(&mut *self.events.0.lock().unwrap())
    }

    /// The first word of each event, with the reason of a removal or the kind of a change.
    pub(crate) fn kinds_of_events(&self) -> Vec<String> {
        let events = self.events();
        let kind = |event: &String| {
            let name = event.split(' ').next().unwrap();
            let detail = ["removal: ", "change: "]
                .into_iter()
                .find_map(|member| event.rsplit_once(member))
                .and_then(|(_, detail)| detail.split(['(', ' ']).next());
            detail.map_or_else(|| name.to_owned(), |detail| format!("{name} {detail}"))
        };
        events.iter().map(kind).collect()
    }
}

pub(crate) fn id_of(answer: &Value) -> ClientId {
    ClientId::parse(answer["client_id"].as_str().unwrap()).unwrap()
}
