//! The quotas of a tenant and of each source, which registrations use up.

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

/// Takes a token of the source's quota and then one of the tenant's, where the tenant has them: a
/// request over the source's quota uses up none of the tenant's rate.
///
/// Of two decisions, the one with fewer tokens left is what the client should know.
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
