//! The preconditions of a case: a tenant, clients, codes and refresh tokens.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{client::Client, example_server::ExampleServer, wire::Pairs};

/// The API in the requests of the corpus.
const API: &str = "https://api.example.com";

/// The settings of the tenant of a case. A token case only names its tenant, and gets a tenant that
/// could have issued its codes.
pub(super) fn settings(tenant: &Value) -> Value {
    if tenant.is_string() {
        return settings(&json!({
            "default_permissions": [{ "audience": API, "scope": ["read:items", "write:items"] }],
            "domain_connections": ["google-domain"],
        }));
    }
    let system = list(&tenant["system_apis"]);
    let permissions = list(&tenant["default_permissions"]);
    let mut apis: Vec<Value> = Vec::new();
    for permission in &permissions {
        let mut scopes = list(&permission["scope"]);
        scopes.push("delete:items".into());
        let is_system = system.contains(&permission["audience"]);
        apis.push(json!({
            "identifier": permission["audience"], "scopes": scopes, "system": is_system,
        }));
    }
    for api in list(&tenant["apis"]) {
        apis.push(json!({
            "identifier": api["audience"], "scopes": ["read:items"], "policy": api["access_policy"],
        }));
    }
    for identifier in system {
        if !apis.iter().any(|api| api["identifier"] == identifier) {
            apis.push(json!({ "identifier": identifier, "system": true }));
        }
    }
    let grants = permissions.iter().map(|permission| {
        json!({
            "default_for": "third_party_clients",
            "audience": permission["audience"], "scope": permission["scope"],
        })
    });
    let connections = [("domain_connections", true), ("other_connections", false)];
    let connections = connections.into_iter().flat_map(|(name, is_domain)| {
        let names = list(&tenant[name]).into_iter();
        names.map(move |name| json!({ "name": name, "is_domain_connection": is_domain }))
    });
    json!({ "tenants": [{
        "id": "t1",
        "registration": { "enabled": true, "rate_limit": null },
        "apis": apis,
        "client_grants": grants.collect::<Vec<_>>(),
        "connections": connections.collect::<Vec<_>>(),
    }] })
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

/// The servers of the cases: one for each combination of settings and options.
#[derive(Default)]
pub(super) struct Servers(Mutex<HashMap<String, Arc<ExampleServer>>>);

impl Servers {
    pub(super) fn get(&self, settings: &Value, options: &[&str]) -> Arc<ExampleServer> {
        let mut servers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let server = servers
            .entry(format!("{settings} {options:?}"))
            .or_insert_with(|| Arc::new(ExampleServer::start_with(Some(settings), options)));
        Arc::clone(server)
    }
}

/// Registers the client that a case describes.
pub(super) async fn register(base: &str, described: &Value) -> Client {
    let metadata = json!({
        "token_endpoint_auth_method": described["token_endpoint_auth_method"],
        "redirect_uris": described["redirect_uris"],
        "grant_types": described["grant_types"],
    });
    let mut client = Client::register(base, metadata).await;
    API.clone_into(&mut client.api);
    client
}

/// Replaces the corpus' names by the values that the server has issued.
#[derive(Default)]
pub(super) struct Names(Vec<(String, String)>);

impl Names {
    pub(super) fn add(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }

    fn resolve(&self, text: &str) -> String {
        let known = self.0.iter().find(|(name, _)| name == text);
        known.map_or_else(|| text.to_owned(), |(_, value)| value.clone())
    }

    pub(super) fn pairs(&self, list: &Value) -> Pairs {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let pairs = list.as_array().unwrap().iter();
        let pairs = pairs.map(|pair| (text(&pair[0]), self.resolve(&text(&pair[1]))));
        let pairs: Pairs = pairs.collect();
        let left = pairs.iter().find(|(_, value)| value.starts_with('$'));
        assert_eq!(left, None, "a name without a value");
        pairs
    }

    /// The same for the two halves of a Basic header.
    pub(super) fn basic(&self, header: &str) -> String {
        let encoded = header.strip_prefix("Basic ").unwrap();
        let decoded = String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap();
        let (id, secret) = decoded.split_once(':').unwrap();
        let resolved = format!("{}:{}", self.resolve(id), self.resolve(secret));
        format!("Basic {}", STANDARD.encode(resolved))
    }
}
