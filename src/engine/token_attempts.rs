use std::time::Duration;

use crate::{
    error::RegistrationError,
    quota::{Quota, SourceBuckets, Taken},
    values::{SourceNetwork, TenantId},
};

/// How often each source of a tenant may fail to show a good initial access token.
///
/// An attempt takes a token of the quota before the gate is asked, and gives it back if it did not fail:
/// of attempts that come at once, no more reach the gate than may fail. An attempt that is
/// abandoned counts as failed.
pub(super) struct TokenAttempts(SourceBuckets);

/// An attempt that counts as failed unless it is told otherwise.
#[must_use = "an attempt counts as failed"]
pub(super) struct TokenAttempt<'a> {
    attempts: &'a SourceBuckets,
    taken: Taken,
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
        Ok(TokenAttempt {
            attempts: &self.0,
            taken,
        })
    }
}

impl TokenAttempt<'_> {
    /// The gate took the token, or could not tell.
    pub(super) fn did_not_fail(self) {
        self.attempts.give_back(self.taken);
    }
}
