//! The registrar that is measured.

use std::num::NonZeroU32;

use oauth_dcr::{MemoryStore, Registrar, TenantSettings, rate_limit::Quota};

/// A registrar with one tenant and a store in memory. `burst` is the number of tokens of its limiter; without
/// it there is no limiter.
pub fn registrar(burst: Option<NonZeroU32>) -> Registrar {
    let mut settings = TenantSettings::new().enabled();
    let quota = |burst: NonZeroU32| Quota::new(Quota::MAX_PER_SECOND, burst.get());
    settings.registration.rate_limit = burst.and_then(|burst| quota(burst).ok());
    Registrar::builder(MemoryStore::new())
        .tenant(settings)
        .build()
        .unwrap()
}
