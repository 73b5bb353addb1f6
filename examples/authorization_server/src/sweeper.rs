//! Clients that are no longer needed go, as the tenants' settings say.

use std::time::Duration;

use oauth_dcr::{OwnerError, Registrar, TenantId, tenants::TenantSelector};
use tokio::time::{MissedTickBehavior, interval};

use crate::report;

/// How long after one sweep the next one begins.
const EVERY: Duration = Duration::from_mins(1);

/// Clients that are removed at a time.
const BATCH: u32 = 200;

/// Sweeps each of `tenants` now and then, for as long as the server runs.
pub(crate) async fn run(registrar: Registrar, tenants: Vec<TenantId>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // A wrong clock is reported although nobody registers. An outage is logged.
        let _ = registrar.store_time().await;
        for tenant in &tenants {
            // What fails now is tried again with the next tick.
            match sweep(&registrar, tenant).await {
                // The log has the outage.
                Ok(()) | Err(OwnerError::Backend(_)) => {}
                Err(error) => report::error(&report::chain(&error)),
            }
        }
    }
}

async fn sweep(registrar: &Registrar, tenant: &TenantId) -> Result<(), OwnerError> {
    let owner = registrar.owner(TenantSelector::Id(tenant)).await?;
    while owner.sweep(BATCH).await?.len() == BATCH as usize {
        // Requests go first.
        tokio::task::yield_now().await;
    }
    Ok(())
}
