//! Clients that are no longer needed go, as the tenants' settings say.

use std::{sync::Arc, time::Duration};

use oauth_dcr::{OwnerError, Registrar, TenantId, tenants::TenantSelector};
use tokio::time::{MissedTickBehavior, interval};

use crate::{outages::Outages, report};

/// How long after one sweep the next one begins.
const EVERY: Duration = Duration::from_mins(1);

/// Clients that are removed at a time.
const BATCH: u32 = 200;

/// Sweeps each of `tenants` now and then, for as long as the server runs. What fails is tried again with the
/// next tick.
pub(crate) async fn run(registrar: Registrar, tenants: Vec<TenantId>, outages: Arc<Outages>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = None;
    loop {
        ticks.tick().await;
        for tenant in &tenants {
            match sweep(&registrar, tenant).await {
                Ok(()) => {
                    if let Some(backend) = failing.take() {
                        outages.answered(backend);
                    }
                }
                Err(OwnerError::Backend(error)) => {
                    outages.failed(&error);
                    failing = Some(error.backend());
                }
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
