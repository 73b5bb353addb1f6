use std::sync::Arc;

use crate::{
    acl::EdgeSignal,
    backend_error::BackendError,
    box_future::BoxFuture,
    settings::{SettingsError, TenantSettings},
    tenants::TenantSelector,
};

/// Which tenants there are, and what they have decided.
///
/// It is asked once for each request, and what it answers holds for that request: a change takes
/// effect on the next one.
pub trait TenantDirectory: Send + Sync + 'static {
    /// The settings of the tenant that `selector` leads to, or `None` if there is none.
    ///
    /// # Errors
    /// [`BackendError`] if the directory can't tell; the request is then refused.
    fn find(
        &self,
        selector: TenantSelector<'_>,
    ) -> impl Future<Output = Result<Option<Arc<TenantSettings>>, BackendError>> + Send;

    /// The tenants that are in memory already, which [`RegistrarBuilder::build`](crate::RegistrarBuilder::build)
    /// checks. Default: none. A directory that loads tenants later calls
    /// [`Registrar::check`](crate::Registrar::check) for them.
    fn known_tenants(&self) -> Vec<Arc<TenantSettings>> {
        Vec::new()
    }

    /// Checks the tenants that are in memory already, for a registrar whose source of locations tells the
    /// signals `located`. [`RegistrarBuilder::build`](crate::RegistrarBuilder::build) calls it.
    ///
    /// Default: each of [`known_tenants`](Self::known_tenants) is checked whole, as by
    /// [`Registrar::check`](crate::Registrar::check). [`Tenants`](crate::Tenants) were checked as a document, so only their
    /// rules on locations are left to check.
    ///
    /// # Errors
    /// [`SettingsError`] names the tenant and the first field at fault.
    fn check_known_tenants(&self, located: &[EdgeSignal]) -> Result<(), SettingsError> {
        let known = self.known_tenants();
        known
            .iter()
            .try_for_each(|tenant| tenant.check_for(located))
    }
}

impl<D: TenantDirectory> TenantDirectory for Arc<D> {
    fn find(
        &self,
        selector: TenantSelector<'_>,
    ) -> impl Future<Output = Result<Option<Arc<TenantSettings>>, BackendError>> + Send {
        D::find(self, selector)
    }

    fn known_tenants(&self) -> Vec<Arc<TenantSettings>> {
        D::known_tenants(self)
    }

    fn check_known_tenants(&self, located: &[EdgeSignal]) -> Result<(), SettingsError> {
        D::check_known_tenants(self, located)
    }
}

/// The object-safe twin of [`TenantDirectory`].
pub(crate) trait DynTenantDirectory: Send + Sync {
    fn find<'a>(
        &'a self,
        selector: TenantSelector<'a>,
    ) -> BoxFuture<'a, Result<Option<Arc<TenantSettings>>, BackendError>>;

    fn check_known_tenants(&self, located: &[EdgeSignal]) -> Result<(), SettingsError>;
}

impl<D: TenantDirectory> DynTenantDirectory for D {
    fn find<'a>(
        &'a self,
        selector: TenantSelector<'a>,
    ) -> BoxFuture<'a, Result<Option<Arc<TenantSettings>>, BackendError>> {
        Box::pin(D::find(self, selector))
    }

    fn check_known_tenants(&self, located: &[EdgeSignal]) -> Result<(), SettingsError> {
        D::check_known_tenants(self, located)
    }
}
