use std::sync::Arc;

use crate::{
    backend_error::BackendError,
    settings::TenantSettings,
    tenants::{TenantDirectory, TenantSelector},
};

/// The directory of a host with one tenant, which gets every request.
#[derive(Clone, Debug)]
pub struct SingleTenant(Arc<TenantSettings>);

impl SingleTenant {
    /// A directory whose only tenant has `settings`.
    pub fn new(settings: TenantSettings) -> Self {
        Self(Arc::new(settings))
    }
}

impl TenantDirectory for SingleTenant {
    async fn find(
        &self,
        _: TenantSelector<'_>,
    ) -> Result<Option<Arc<TenantSettings>>, BackendError> {
        Ok(Some(Arc::clone(&self.0)))
    }

    fn known_tenants(&self) -> Vec<Arc<TenantSettings>> {
        vec![Arc::clone(&self.0)]
    }
}
