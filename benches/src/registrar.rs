//! The crate, set up as it is measured.

use std::num::NonZeroU32;

use oauth_dcr::{MemoryStore, Registrar, TenantSettings, rate_limit::Quota};

/// A registrar of one tenant that keeps its clients in memory, with a limiter that has `burst`
/// tokens if that is some.
pub fn registrar(burst: Option<NonZeroU32>) -> Registrar {
    let mut settings = TenantSettings::new().enabled();
    let quota = |burst: NonZeroU32| Quota::new(Quota::MAX_PER_SECOND, burst.get());
    settings.registration.rate_limit = burst.and_then(|burst| quota(burst).ok());
    Registrar::builder(MemoryStore::new())
        .tenant(settings)
        .build()
        .unwrap()
}
