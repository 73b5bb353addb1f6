//! The tenant that a request is for.

use std::sync::Arc;

use http::{header::HOST, request::Parts, uri::Authority};
use oauth_dcr::{
    ApiSettings, Issuer, TenantDirectory as _, TenantId, TenantSelector, TenantSettings, Tenants,
};

use crate::demonstration::READ_ITEMS;

pub(crate) struct Tenant {
    pub(crate) settings: Arc<TenantSettings>,
    /// That of the settings or, while trying things out, where they have none, the address that was
    /// asked, which is a loopback one: then they have that.
    pub(crate) issuer: Issuer,
}

impl Tenant {
    /// The tenant that the request's host leads to. A host that could be no issuer's leads nowhere:
    /// it would end up in documents and headers.
    pub(crate) async fn of(head: &Parts, tenants: &Tenants) -> Option<Self> {
        let host = match head.uri.authority() {
            Some(authority) => authority.as_str(),
            None => head.headers.get(HOST)?.to_str().ok()?,
        };
        let found = tenants.find(TenantSelector::Host(Some(host))).await;
        Self::at(host, found.ok()??)
    }

    /// The tenant of these settings, asked at `host`.
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

    pub(crate) fn registration_path(&self) -> &str {
        self.settings.registration.path.as_str()
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
