use std::sync::Arc;

use crate::{
    acl::EdgeSignal,
    backend_error::BackendError,
    box_future::BoxFuture,
    settings::{SettingsError, TenantSettings},
    tenants::TenantSelector,
};

/// Finds the settings of tenants.
///
/// Each request calls the directory once and keeps the settings that it got, so a change takes effect with
/// the next request.
pub trait TenantDirectory: Send + Sync + 'static {
    /// The settings of the tenant that `selector` names, or `None` if there is no such tenant.
    ///
    /// # Errors
    /// [`BackendError`] if the directory cannot find out. The request is refused then.
    fn find(
        &self,
        selector: TenantSelector<'_>,
    ) -> impl Future<Output = Result<Option<Arc<TenantSettings>>, BackendError>> + Send;

    /// The tenants that are already in memory, for [`RegistrarBuilder::build`](crate::RegistrarBuilder::build)
    /// to check. The default is none. A directory that loads tenants later calls
    /// [`Registrar::check`](crate::Registrar::check) for each.
    fn known_tenants(&self) -> Vec<Arc<TenantSettings>> {
        Vec::new()
    }

    /// Checks the tenants that are already in memory, for a registrar whose source of locations has the
    /// signals `located`. [`RegistrarBuilder::build`](crate::RegistrarBuilder::build) calls this method.
    ///
    /// By default, all settings of each of the [`known_tenants`](Self::known_tenants) are checked, as in
    /// [`Registrar::check`](crate::Registrar::check). For [`Tenants`](crate::Tenants), the settings were
    /// checked as a document, so this method checks only the rules on locations.
    ///
    /// # Errors
    /// [`SettingsError`] names the tenant and the first invalid field.
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

/// The object-safe form of [`TenantDirectory`].
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
