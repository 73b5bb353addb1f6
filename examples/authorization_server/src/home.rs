//! What the home page shows of the server: the tenants, and the clients that registered last.

use std::{net::SocketAddr, sync::Arc};

use oauth_dcr::TenantSettings;

use crate::recent_clients::RecentClients;

/// The most tenants that the home page lists.
const MOST_TENANTS: usize = 50;

pub(crate) struct Home {
    pub(crate) tenants: Vec<TenantSummary>,
    /// How many tenants the list leaves out.
    pub(crate) tenants_left_out: usize,
    pub(crate) recent_clients: Arc<RecentClients>,
    /// The address of the home page on this machine.
    pub(crate) address: String,
}

pub(crate) struct TenantSummary {
    pub(crate) id: String,
    pub(crate) registers: bool,
    pub(crate) issuer: Option<String>,
    pub(crate) hosts: Vec<String>,
}

impl Home {
    pub(crate) fn new(
        tenants: &[TenantSettings],
        listen: SocketAddr,
        recent_clients: Arc<RecentClients>,
    ) -> Self {
        Self {
            tenants: tenants
                .iter()
                .take(MOST_TENANTS)
                .map(TenantSummary::of)
                .collect(),
            tenants_left_out: tenants.len().saturating_sub(MOST_TENANTS),
            recent_clients,
            address: address(listen),
        }
    }
}

impl TenantSummary {
    fn of(settings: &TenantSettings) -> Self {
        Self {
            id: settings.id.to_string(),
            registers: settings.registration.enabled,
            issuer: settings.issuer.as_ref().map(|it| it.as_str().to_owned()),
            hosts: settings.hosts.clone(),
        }
    }
}

/// A server that listens on all addresses is reached at a loopback address.
fn address(listen: SocketAddr) -> String {
    let port = listen.port();
    match listen {
        SocketAddr::V4(it) if it.ip().is_unspecified() => format!("http://127.0.0.1:{port}/"),
        SocketAddr::V6(it) if it.ip().is_unspecified() => format!("http://[::1]:{port}/"),
        _ => format!("http://{listen}/"),
    }
}
