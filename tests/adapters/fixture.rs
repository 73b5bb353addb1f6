//! The registrar and the store behind a test server.

use std::{sync::Arc, time::Duration};

use http::request::Parts;
use oauth_dcr::{
    MemoryStore, Registrar, TenantId, Tenants, settings::SettingsDocument,
    tower::RegistrationService,
};
use serde_json::{Value, json};

use crate::{
    clock::ManualClock,
    faulty_store::FaultyStore,
    ports::{Gate, Limiter, SequentialRandom},
};

/// How each server's registrar is built, and how the server is set up.
#[derive(Clone)]
pub(crate) struct Fixture {
    tenants: Value,
    /// The faults of each server's store.
    store: FaultyStore,
    /// Replaces the registrar's own limiter.
    limiter: Option<Limiter>,
    gate: Option<Gate>,
    body_timeout: Duration,
    discard_timeout: Duration,
    /// Where the endpoint is mounted, unless at its default; the tenant is then part of the path.
    pub(crate) tenant_path: Option<&'static str>,
    pub(crate) tells_peer: bool,
    /// Whether actix-web keeps serving a client that has closed its half of the connection.
    pub(crate) half_closed: bool,
}

/// What was built from a fixture.
pub(crate) struct Built {
    pub(crate) service: RegistrationService,
    pub(crate) store: FaultyStore,
    pub(crate) clock: Arc<ManualClock>,
}

impl Fixture {
    /// One tenant that takes registrations.
    pub(crate) fn open() -> Self {
        Self::tenant(json!({}))
    }

    /// One tenant that takes registrations, with these registration settings.
    pub(crate) fn registration(mut registration: Value) -> Self {
        registration["enabled"] = true.into();
        Self::tenant(json!({ "registration": registration }))
    }

    /// One tenant that takes registrations, with these settings.
    pub(crate) fn tenant(mut tenant: Value) -> Self {
        tenant["id"] = "t1".into();
        if tenant["registration"].is_null() {
            tenant["registration"] = json!({ "enabled": true });
        }
        Self::tenants(json!([tenant]))
    }

    /// One tenant whose access control list has this rule.
    pub(crate) fn rule(action: &Value, matched: &Value) -> Self {
        let rule = json!({ "action": action, "match": matched, "scope": "dcr" });
        let entry = json!({ "description": "r", "active": true, "priority": 1, "rule": rule });
        Self::tenant(json!({ "acl": [entry] }))
    }

    pub(crate) fn tenants(tenants: Value) -> Self {
        Self {
            tenants,
            store: FaultyStore::default(),
            limiter: None,
            gate: None,
            // Longer than any read of a test, so that only scenarios about timeouts reach a
            // timeout.
            body_timeout: Duration::from_mins(10),
            discard_timeout: Duration::from_mins(10),
            tenant_path: None,
            tells_peer: true,
            half_closed: true,
        }
    }

    pub(crate) fn store(mut self, store: FaultyStore) -> Self {
        self.store = store;
        self
    }

    pub(crate) fn limiter(mut self, limiter: Limiter) -> Self {
        self.limiter = Some(limiter);
        self
    }

    pub(crate) fn gated(mut self) -> Self {
        self.gate = Some(Gate);
        self
    }

    pub(crate) fn body_timeout(mut self, limit: Duration) -> Self {
        self.body_timeout = limit;
        self
    }

    pub(crate) fn discard_timeout(mut self, limit: Duration) -> Self {
        self.discard_timeout = limit;
        self
    }

    pub(crate) fn tenant_by_path(mut self) -> Self {
        self.tenant_path = Some("/tenants/{tenant}/register");
        self
    }

    pub(crate) fn unknown_peers(mut self) -> Self {
        self.tells_peer = false;
        self
    }

    pub(crate) fn no_half_closed(mut self) -> Self {
        self.half_closed = false;
        self
    }

    pub(crate) fn build(&self) -> Built {
        let document = json!({ "tenants": self.tenants }).to_string();
        let tenants = Tenants::new(SettingsDocument::from_json(&document).unwrap());
        let store = FaultyStore {
            clients: MemoryStore::new(),
            ..self.store.clone()
        };
        let clock = Arc::new(ManualClock::new());
        let mut registrar = Registrar::builder(store.clone())
            .tenants(tenants)
            .clock(Arc::clone(&clock))
            .random(SequentialRandom::default());
        if let Some(limiter) = self.limiter.clone() {
            registrar = registrar.limiter(limiter);
        }
        if let Some(gate) = self.gate {
            registrar = registrar.initial_access(gate);
        }
        let mut service = RegistrationService::new(registrar.build().unwrap())
            .body_timeout(self.body_timeout)
            .discard_timeout(self.discard_timeout);
        if self.tenant_path.is_some() {
            service = service.tenant_by(tenant_in_path);
        }
        Built {
            service,
            store,
            clock,
        }
    }
}

fn tenant_in_path(head: &Parts) -> Option<TenantId> {
    TenantId::parse(head.uri.path().split('/').nth(2)?).ok()
}
