//! The tenant that a request is for.

use std::sync::Arc;

use http::{header::HOST, request::Parts};
use oauth_dcr::{
    ApiSettings, Issuer, TenantDirectory as _, TenantSelector, TenantSettings, Tenants,
};

use crate::demonstration::READ_ITEMS;

pub(crate) struct Tenant {
    /// With an issuer: while trying things out, where none is set, the address that was asked.
    pub(crate) settings: Arc<TenantSettings>,
    pub(crate) issuer: String,
}

impl Tenant {
    /// The tenant that the request's host leads to.
    pub(crate) async fn of(head: &Parts, tenants: &Tenants) -> Option<Self> {
        let host = match head.uri.authority() {
            Some(authority) => authority.as_str(),
            None => head.headers.get(HOST)?.to_str().ok()?,
        };
        let found = tenants.find(TenantSelector::Host(Some(host))).await;
        let mut settings = found.ok()??;
        let issuer = match &settings.issuer {
            Some(issuer) => issuer.to_string(),
            None => format!("http://{host}"),
        };
        if settings.issuer.is_none()
            && let Ok(issuer) = Issuer::parse(&issuer)
        {
            Arc::make_mut(&mut settings).issuer = Some(issuer);
        }
        Some(Self { settings, issuer })
    }

    /// The address of what stands at `path`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer.trim_end_matches('/'))
    }

    pub(crate) fn registration_path(&self) -> &str {
        self.settings.registration.path.as_str()
    }

    pub(crate) fn is_https(&self) -> bool {
        self.issuer.starts_with("https:")
    }

    /// The API that `/api/items` belongs to: the first that knows its scope.
    pub(crate) fn items_api(&self) -> Option<&ApiSettings> {
        let knows_items = |api: &&ApiSettings| api.scopes.iter().any(|scope| scope == READ_ITEMS);
        let mut apis = self.settings.apis.iter().filter(|api| !api.system);
        apis.find(knows_items)
    }
}
