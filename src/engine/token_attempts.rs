use std::{
    collections::{HashMap, hash_map::Entry},
    future::poll_fn,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
    time::Duration,
};

use crate::{
    error::RegistrationError,
    rate_limit::{Quota, SourceBuckets, Taken},
    system::Clock,
    types::{SourceNetwork, TenantId},
};

/// Limits how often each source of a tenant may present an invalid initial access token.
///
/// An attempt takes a token from the quota before it calls the gate, and returns the token unless the attempt failed.
/// So the number of concurrent attempts at the gate never exceeds the number of failures that are allowed. More attempts
/// wait until the running attempts have ended, because these return their tokens if they succeed. An attempt that is
/// abandoned also returns its token, because its caller learns nothing.
pub(super) struct TokenAttempts {
    buckets: SourceBuckets,
    under_way: Mutex<HashMap<Source, UnderWay>>,
}

/// An attempt that does not count unless it [failed](Self::failed).
pub(super) struct TokenAttempt<'a> {
    attempts: &'a TokenAttempts,
    source: Source,
    taken: Option<Taken>,
}

type Source = (TenantId, SourceNetwork);

/// The attempts of one source: the number of attempts that the gate is verifying, and the attempts that wait.
#[derive(Default)]
struct UnderWay {
    attempts: usize,
    waiting: Vec<Waker>,
}

const QUOTA: Quota = Quota::TEN_A_MINUTE;

/// The most sources of all tenants together. Beyond this number, all new sources of a tenant share one bucket.
const MAX_SOURCES: usize = 100_000;

/// The most waiting attempts of one source. Beyond this number, attempts are refused.
const MAX_WAITING: usize = 1_000;

impl TokenAttempts {
    pub(super) fn new() -> Self {
        Self {
            buckets: SourceBuckets::with_max(MAX_SOURCES),
            under_way: Mutex::default(),
        }
    }

    /// Waits until the source may fail again, then begins an attempt.
    ///
    /// # Errors
    /// [`RegistrationError::TooManyInvalidTokens`] if too many attempts have failed, or too many wait.
    pub(super) async fn begin(
        &self,
        tenant: &TenantId,
        source: SourceNetwork,
        clock: &dyn Clock,
    ) -> Result<TokenAttempt<'_>, RegistrationError> {
        let source = (tenant.clone(), source);
        poll_fn(|context| self.poll_begin(&source, clock.monotonic(), context.waker())).await
    }

    fn poll_begin(
        &self,
        source: &Source,
        now: Duration,
        waker: &Waker,
    ) -> Poll<Result<TokenAttempt<'_>, RegistrationError>> {
        // Taking a token and returning a token both need this lock, so a waiting attempt misses no returned token.
        let mut under_way = self.lock();
        let (decision, taken) = self.buckets.acquire(&source.0, source.1, QUOTA, now);
        if decision.is_admitted() {
            let others = under_way.entry(source.clone()).or_default();
            others.attempts = others.attempts.saturating_add(1);
            return Poll::Ready(Ok(TokenAttempt {
                attempts: self,
                source: source.clone(),
                taken: Some(taken),
            }));
        }
        match under_way.get_mut(source) {
            Some(others) if others.waiting.len() < MAX_WAITING => {
                others.waiting.push(waker.clone());
                Poll::Pending
            }
            _ => Poll::Ready(Err(RegistrationError::TooManyInvalidTokens { decision })),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Source, UnderWay>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl TokenAttempt<'_> {
    /// Records that the token was invalid.
    pub(super) fn failed(mut self) {
        self.taken = None;
    }
}

impl Drop for TokenAttempt<'_> {
    fn drop(&mut self) {
        let mut under_way = self.attempts.lock();
        if let Some(taken) = self.taken.take() {
            self.attempts.buckets.give_back(taken);
        }
        let mut waiting = Vec::new();
        if let Entry::Occupied(mut entry) = under_way.entry(self.source.clone()) {
            let others = entry.get_mut();
            others.attempts = others.attempts.saturating_sub(1);
            waiting = mem::take(&mut others.waiting);
            if others.attempts == 0 {
                entry.remove();
            }
        }
        drop(under_way);
        waiting.into_iter().for_each(Waker::wake);
    }
}
