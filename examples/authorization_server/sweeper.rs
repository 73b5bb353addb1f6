//! Clients that are no longer needed go, as the tenants' settings say.

use std::time::Duration;

use oauth_dcr::{OwnerError, Registrar, Sweep, TenantId, TenantSelector};
use tokio::time::{MissedTickBehavior, interval};

/// How long after one sweep the next one begins.
const EVERY: Duration = Duration::from_mins(1);

/// Sweeps each of `tenants` now and then, for as long as the server runs.
pub(crate) async fn run(registrar: Registrar, tenants: Vec<TenantId>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for tenant in &tenants {
            // What fails now is tried again with the next tick.
            let _ = sweep(&registrar, tenant).await;
        }
    }
}

async fn sweep(registrar: &Registrar, tenant: &TenantId) -> Result<(), OwnerError> {
    let owner = registrar.owner(TenantSelector::Id(tenant)).await?;
    let whole_batch = usize::try_from(Sweep::MAX_LIMIT).unwrap_or(usize::MAX);
    while owner.sweep().await?.len() >= whole_batch {
        // Requests go first.
        tokio::task::yield_now().await;
    }
    Ok(())
}
