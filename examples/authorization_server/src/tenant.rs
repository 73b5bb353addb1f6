//! The tenant that a request is for.

use std::sync::Arc;

use http::{header::HOST, request::Parts, uri::Authority};
use oauth_dcr::{
    TenantId, TenantSettings,
    settings::{ApiSettings, Issuer},
};

use crate::demonstration::READ_ITEMS;

pub(crate) struct Tenant {
    pub(crate) settings: Arc<TenantSettings>,
    /// That of the settings or, while trying things out, where they have none, the address that was
    /// asked, which is a loopback one: then they have that.
    pub(crate) issuer: Issuer,
}

/// The host that a request is sent to, with its port.
pub(crate) fn host(head: &Parts) -> Option<&str> {
    match head.uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => head.headers.get(HOST)?.to_str().ok(),
    }
}

impl Tenant {
    /// The tenant of these settings, asked at `host`. `None` for a host that can't be an issuer's: it would
    /// end up in documents and headers.
    pub(crate) fn at(host: &str, settings: Arc<TenantSettings>) -> Option<Self> {
        if let Some(issuer) = settings.issuer.clone() {
            return Some(Self { settings, issuer });
        }
        // `Authority` lets no path in.
        let authority: Authority = host.parse().ok()?;
        let issuer = Issuer::parse(&format!("http://{authority}")).ok()?;
        // A copy for each request, of the few settings with which things are tried out.
        let mut settings = Arc::unwrap_or_clone(settings);
        settings.issuer = Some(issuer.clone());
        Some(Self {
            settings: Arc::new(settings),
            issuer,
        })
    }

    pub(crate) fn id(&self) -> &TenantId {
        &self.settings.id
    }

    /// The address of what stands at `path`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer.as_str().trim_end_matches('/'))
    }

    pub(crate) fn is_https(&self) -> bool {
        self.issuer.as_str().starts_with("https:")
    }

    /// The API that `/api/items` belongs to: the first that knows its scope.
    pub(crate) fn items_api(&self) -> Option<&ApiSettings> {
        let knows_items = |api: &&ApiSettings| api.scopes.iter().any(|scope| scope == READ_ITEMS);
        let mut apis = self.settings.apis.iter().filter(|api| !api.system);
        apis.find(knows_items)
    }
}
