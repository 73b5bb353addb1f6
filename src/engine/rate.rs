//! Applies the rate limits of a tenant and of each source to registrations.

use crate::{
    engine::{
        ports::Ports,
        trace::{Trace, Wait},
    },
    error::RegistrationError,
    rate_limit::{Quota, RateDecision, RateKey},
    settings::TenantSettings,
    types::SourceNetwork,
};

/// Takes a token from the source's quota and then a token from the tenant's quota, if the tenant has these quotas. A
/// request that exceeds the source's quota does not count towards the tenant's quota.
///
/// If there are two decisions, the result is the decision with fewer tokens left, because it limits the client first.
pub(super) async fn take(
    ports: &Ports,
    tenant: &TenantSettings,
    source: SourceNetwork,
) -> Result<Option<RateDecision>, RegistrationError> {
    let registration = &tenant.registration;
    let mut of_source = None;
    if let Some(quota) = registration.rate_limit_per_source {
        let key = RateKey::Source(&tenant.id, source);
        let decision = acquire(ports, key, quota).await?;
        if !decision.is_admitted() {
            return Err(RegistrationError::TooManyRequestsFromSource { decision });
        }
        of_source = Some(decision);
    }
    let Some(quota) = registration.rate_limit else {
        return Ok(of_source);
    };
    let decision = acquire(ports, RateKey::Tenant(&tenant.id), quota).await?;
    if !decision.is_admitted() {
        return Err(RegistrationError::TooManyRequests { decision });
    }
    let is_fewer = |other: &RateDecision| other.remaining() < decision.remaining();
    Ok(of_source.filter(is_fewer).or(Some(decision)))
}

async fn acquire(
    ports: &Ports,
    key: RateKey<'_>,
    quota: Quota,
) -> Result<RateDecision, RegistrationError> {
    let acquired = ports.limiter.acquire(key, quota);
    Ok(Trace::wait(Wait::Acquire, acquired).await?)
}
