//! The example server with its own API, and with settings that differ from the built-in ones.

use std::ops::RangeInclusive;

use private_servers::free_port_in;
use serde_json::{Value, json};

use crate::example_server::ExampleServer;

/// Ports that no system hands out by itself.
const PORTS: RangeInclusive<u16> = 10_000..=19_999;

/// Starts it with the settings of its built-in tenant, apart from `changes` to members of the tenant.
/// It asks no person for consent.
pub(crate) fn start_changed(changes: &Value) -> ExampleServer {
    // The API is named by the server's address, so that is settled first.
    let address = format!("127.0.0.1:{}", free_port_in(&PORTS));
    let settings = settings(&format!("http://{address}"), changes);
    ExampleServer::start_at(&address, &settings)
}

fn settings(base: &str, changes: &Value) -> Value {
    let api = format!("{base}/api");
    let mut tenant = json!({
        "id": "default",
        "preset": "agents",
        "registration": { "enabled": true },
        "apis": [{ "identifier": api, "scopes": ["read:items", "write:items"] }],
        "client_grants": [{ "default_for": "third_party_clients", "audience": api,
                            "scope": ["read:items"] }],
        "connections": [{ "name": "demonstration", "is_domain_connection": true }],
    });
    for (name, value) in changes.as_object().unwrap() {
        tenant[name] = value.clone();
    }
    json!({ "tenants": [tenant] })
}
