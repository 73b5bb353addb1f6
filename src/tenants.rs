//! Tenants: how a request names its tenant, and where the settings of tenants come from.
//!
//! ```
//! use oauth_dcr::{
//!     tenants::{TenantDirectory, TenantSelector},
//!     Tenants,
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let tenants = Tenants::from_json(r#"{"tenants": [
//!     {"id": "acme", "hosts": ["auth.acme.example"]},
//!     {"id": "globex", "hosts": ["auth.globex.example"]}
//! ]}"#)?;
//!
//! let found = tenants.find(TenantSelector::Host(Some("auth.acme.example"))).await?;
//! let acme = found.ok_or("no such tenant")?;
//! assert_eq!(acme.id.as_str(), "acme");
//! # Ok(())
//! # }
//! ```
//!
//! 1. [`TenantSelector`] names the tenant of a request: by host, or by an id that the host program knows.
//! 2. [`Tenants`] has many tenants in memory. They can be replaced while requests run.
//! 3. [`SingleTenant`] is for a host with one tenant.
//! 4. [`TenantDirectory`] is the trait to implement if the tenants are in a database.
//!
//! The module [`settings`](crate::settings) has the settings of a tenant.

mod single_tenant;
mod tenant_directory;
mod tenant_selector;

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

pub use single_tenant::SingleTenant;
pub(crate) use tenant_directory::DynTenantDirectory;
pub use tenant_directory::TenantDirectory;
pub use tenant_selector::TenantSelector;

use crate::{
    acl::EdgeSignal,
    backend_error::BackendError,
    settings::{SettingsDocument, SettingsError, TenantSettings, without_port},
    types::TenantId,
};

/// A directory of many tenants in memory, which finds a tenant by host or id.
///
/// The tenants can be replaced while requests run. Clones share the tenants.
///
/// ```
/// use oauth_dcr::{settings::SettingsDocument, Tenants};
///
/// let tenants = Tenants::new(SettingsDocument::from_json(
///     r#"{"tenants": [{"id": "acme", "hosts": ["auth.acme.example"]}]}"#,
/// )?);
///
/// // Later, when the settings have changed:
/// tenants.replace(SettingsDocument::from_json(r#"{"tenants": [{"id": "acme"}]}"#)?);
/// # Ok::<(), oauth_dcr::settings::SettingsError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tenants(Arc<RwLock<Arc<Index>>>);

#[derive(Debug)]
struct Index {
    by_id: HashMap<TenantId, Arc<TenantSettings>>,
    by_host: HashMap<String, Arc<TenantSettings>>,
    /// The tenant without hosts, if there is one. It gets the requests for all other hosts.
    for_any_host: Option<Arc<TenantSettings>>,
}

impl Tenants {
    /// The directory of the tenants of `document`.
    pub fn new(document: SettingsDocument) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(Index::new(document)))))
    }

    /// The directory of the tenants of a settings document in JSON.
    ///
    /// # Errors
    /// The same as [`SettingsDocument::from_json`].
    pub fn from_json(json: &str) -> Result<Self, SettingsError> {
        Ok(Self::new(SettingsDocument::from_json(json)?))
    }

    /// Replaces all tenants by the tenants of `document`. Running requests keep the settings with which
    /// they began.
    ///
    /// Call [`Registrar::check`](crate::Registrar::check) for each tenant first. If a tenant has a rule that
    /// the registrar can never evaluate, each of its requests is answered with 503.
    pub fn replace(&self, document: SettingsDocument) {
        let index = Arc::new(Index::new(document));
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = index;
    }

    fn index(&self) -> Arc<Index> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Index {
    fn new(document: SettingsDocument) -> Self {
        let tenants: Vec<_> = document.into_tenants().into_iter().map(Arc::new).collect();
        let by_host = tenants.iter().flat_map(|tenant| {
            let hosts = tenant.hosts.iter();
            hosts.map(|host| (host.to_ascii_lowercase(), Arc::clone(tenant)))
        });
        Self {
            by_host: by_host.collect(),
            for_any_host: tenants
                .iter()
                .find(|tenant| tenant.hosts.is_empty())
                .cloned(),
            by_id: tenants
                .into_iter()
                .map(|tenant| (tenant.id.clone(), tenant))
                .collect(),
        }
    }

    fn find(&self, selector: TenantSelector<'_>) -> Option<&Arc<TenantSettings>> {
        match selector {
            TenantSelector::Id(id) => self.by_id.get(id),
            TenantSelector::Host(host) => host
                .and_then(|host| self.by_host.get(&without_port(host).to_ascii_lowercase()))
                .or(self.for_any_host.as_ref()),
        }
    }
}

impl TenantDirectory for Tenants {
    async fn find(
        &self,
        selector: TenantSelector<'_>,
    ) -> Result<Option<Arc<TenantSettings>>, BackendError> {
        Ok(self.index().find(selector).cloned())
    }

    fn known_tenants(&self) -> Vec<Arc<TenantSettings>> {
        self.index().by_id.values().cloned().collect()
    }

    fn check_known_tenants(&self, located: &[EdgeSignal]) -> Result<(), SettingsError> {
        let known = self.known_tenants();
        let mut known = known.iter();
        known.try_for_each(|tenant| tenant.check_locations(located))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(index: &Index, host: &str) -> Option<String> {
        let tenant = index.find(TenantSelector::Host(Some(host)));
        tenant.map(|tenant| tenant.id.to_string())
    }

    #[test]
    fn tenant_is_found_by_host_with_any_port_and_case() {
        let json = r#"{"tenants": [
            {"id": "a", "hosts": ["a.example", "127.0.0.1"]},
            {"id": "b", "hosts": ["B.example", "[::1]"]}
        ]}"#;
        let index = Index::new(SettingsDocument::from_json(json).unwrap());
        for (host, tenant) in [
            ("a.example", Some("a")),
            ("A.EXAMPLE:8443", Some("a")),
            ("a.example.:8443", Some("a")),
            ("127.0.0.1:1", Some("a")),
            ("b.example", Some("b")),
            ("[::1]", Some("b")),
            ("[::1]:8080", Some("b")),
            ("c.example", None),
            ("a.example.evil.test", None),
            ("", None),
        ] {
            assert_eq!(found(&index, host).as_deref(), tenant, "{host}");
        }
        assert_eq!(index.find(TenantSelector::Host(None)), None);
        let b = TenantId::parse("b").unwrap();
        assert_eq!(index.find(TenantSelector::Id(&b)).unwrap().id, b);
    }

    #[test]
    fn one_tenant_without_hosts_gets_all_requests() {
        let json = r#"{"tenants": [{"id": "a"}]}"#;
        let index = Index::new(SettingsDocument::from_json(json).unwrap());
        assert_eq!(found(&index, "anything:80").as_deref(), Some("a"));
        assert!(index.find(TenantSelector::Host(None)).is_some());
    }
}
