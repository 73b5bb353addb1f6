//! Removes clients that are no longer needed, by the tenants' settings.

use std::time::Duration;

use oauth_dcr::{OwnerError, Registrar, TenantId, tenants::TenantSelector};
use tokio::time::{MissedTickBehavior, interval};

use crate::report;

/// How long after one sweep the next one begins.
const EVERY: Duration = Duration::from_mins(1);

/// How many clients are removed at a time.
const BATCH: u32 = 200;

/// Sweeps each of `tenants` now and then, for as long as the server runs.
pub(crate) async fn run(registrar: Registrar, tenants: Vec<TenantId>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // This reports a wrong clock even if no client registers. An outage is logged elsewhere.
        let _ = registrar.store_time().await;
        for tenant in &tenants {
            // The next tick tries again.
            match sweep(&registrar, tenant).await {
                // The log has the outage already.
                Ok(()) | Err(OwnerError::Backend(_)) => {}
                Err(error) => report::error(&report::chain(&error)),
            }
        }
    }
}

async fn sweep(registrar: &Registrar, tenant: &TenantId) -> Result<(), OwnerError> {
    let owner = registrar.owner(TenantSelector::Id(tenant)).await?;
    while owner.sweep(BATCH).await?.len() == BATCH as usize {
        // Let requests run first.
        tokio::task::yield_now().await;
    }
    Ok(())
}
