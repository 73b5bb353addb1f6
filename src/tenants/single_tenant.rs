use std::sync::Arc;

use crate::{
    backend_error::BackendError,
    settings::TenantSettings,
    tenants::{TenantDirectory, TenantSelector},
};

/// The directory of a host with one tenant: every request is for it.
#[derive(Clone, Debug)]
pub struct SingleTenant(Arc<TenantSettings>);

impl SingleTenant {
    /// The directory of `settings` alone.
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
