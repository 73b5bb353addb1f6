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
    /// The issuer of the settings. If the settings have no issuer, this is the address of the request, which must
    /// be a loopback address, and `settings` gets the same issuer.
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
    /// The tenant of these settings at `host`. `None` if the host can't be part of an issuer, because the issuer
    /// appears in documents and headers.
    pub(crate) fn at(host: &str, settings: Arc<TenantSettings>) -> Option<Self> {
        if let Some(issuer) = settings.issuer.clone() {
            return Some(Self { settings, issuer });
        }
        // An `Authority` has no path.
        let authority: Authority = host.parse().ok()?;
        let issuer = Issuer::parse(&format!("http://{authority}")).ok()?;
        // This copies the settings for each request. Settings without an issuer are small demonstrations.
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

    /// The URL of `path` at this tenant.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer.as_str().trim_end_matches('/'))
    }

    pub(crate) fn is_https(&self) -> bool {
        self.issuer.as_str().starts_with("https:")
    }

    /// The API that `/api/items` belongs to: the first API with its scope.
    pub(crate) fn items_api(&self) -> Option<&ApiSettings> {
        let knows_items = |api: &&ApiSettings| api.scopes.iter().any(|scope| scope == READ_ITEMS);
        let mut apis = self.settings.apis.iter().filter(|api| !api.system);
        apis.find(knows_items)
    }
}
