use std::time::Duration;

use crate::{
    error::RegistrationError,
    quota::{Quota, SourceBuckets, Taken},
    values::{SourceNetwork, TenantId},
};

/// How often each source of a tenant may fail to show a good initial access token.
///
/// An attempt takes a token of the quota before the gate is asked, and gives it back unless it failed: of
/// attempts that come at once, no more reach the gate than may fail. An attempt that is abandoned gives it
/// back too, because its caller learns nothing.
pub(super) struct TokenAttempts(SourceBuckets);

/// An attempt that does not count unless it [failed](Self::failed).
pub(super) struct TokenAttempt<'a> {
    attempts: &'a SourceBuckets,
    taken: Option<Taken>,
}

const QUOTA: Quota = Quota::TEN_A_MINUTE;

/// Of all tenants together. Beyond, further sources of a tenant share one bucket.
const MAX_SOURCES: usize = 100_000;

impl TokenAttempts {
    pub(super) fn new() -> Self {
        Self(SourceBuckets::with_max(MAX_SOURCES))
    }

    /// Begins an attempt at this time of the monotonic clock.
    ///
    /// # Errors
    /// [`RegistrationError::TooManyInvalidTokens`] if too many have failed, or are under way.
    pub(super) fn begin(
        &self,
        tenant: &TenantId,
        source: SourceNetwork,
        now: Duration,
    ) -> Result<TokenAttempt<'_>, RegistrationError> {
        let (decision, taken) = self.0.acquire(tenant, source, QUOTA, now);
        if !decision.is_admitted() {
            return Err(RegistrationError::TooManyInvalidTokens { decision });
        }
        let taken = Some(taken);
        Ok(TokenAttempt {
            attempts: &self.0,
            taken,
        })
    }
}

impl TokenAttempt<'_> {
    /// The token was not good.
    pub(super) fn failed(mut self) {
        self.taken = None;
    }
}

impl Drop for TokenAttempt<'_> {
    fn drop(&mut self) {
        if let Some(taken) = self.taken.take() {
            self.attempts.give_back(taken);
        }
    }
}
