use std::time::Duration;

use crate::rate_limit::Quota;

/// The decision of a limiter about one request, and the rest of the quota after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateDecision {
    outcome: RateOutcome,
    limit: u32,
    remaining: u32,
    full_after: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RateOutcome {
    Admitted,
    Limited { retry_after: Duration },
}

impl RateDecision {
    /// The request took a token, and `remaining` tokens are left.
    pub fn admitted(quota: Quota, remaining: u32) -> Self {
        let missing = quota.burst().saturating_sub(remaining);
        Self {
            outcome: RateOutcome::Admitted,
            limit: quota.burst(),
            remaining,
            full_after: quota.time_for(missing),
        }
    }

    /// No token was left, and the request took none. The next token comes after `retry_after`.
    pub fn limited(quota: Quota, retry_after: Duration) -> Self {
        Self {
            outcome: RateOutcome::Limited { retry_after },
            limit: quota.burst(),
            remaining: 0,
            full_after: retry_after.saturating_add(quota.time_for(quota.burst().saturating_sub(1))),
        }
    }

    /// Whether the request is admitted.
    pub const fn is_admitted(&self) -> bool {
        matches!(self.outcome, RateOutcome::Admitted)
    }

    /// The time until the next token, or `None` if the request was admitted. It is exact by the
    /// [limiter's clock](crate::rate_limit::RateLimiter#exactness), and not rounded to seconds.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self.outcome {
            RateOutcome::Admitted => None,
            RateOutcome::Limited { retry_after } => Some(retry_after),
        }
    }

    /// The size of the bucket.
    pub const fn limit(&self) -> u32 {
        self.limit
    }

    /// The number of whole tokens that are left at this instant. Concurrent requests get different
    /// numbers, unless a token comes back between them.
    pub const fn remaining(&self) -> u32 {
        self.remaining
    }

    /// The time until the bucket is full again, if no request takes a token. It is never too short.
    pub const fn full_after(&self) -> Duration {
        self.full_after
    }
}

/// The span in whole seconds, rounded up, so that a client that waits this long is not too early.
pub(crate) fn whole_seconds(span: Duration) -> u64 {
    let begun = u64::from(span.subsec_nanos() > 0);
    span.as_secs().saturating_add(begun)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_rounded_up() {
        for (span, seconds) in [
            (Duration::ZERO, 0),
            (Duration::from_nanos(1), 1),
            (Duration::from_secs(1), 1),
            (Duration::from_secs(u64::MAX), u64::MAX),
            (Duration::MAX, u64::MAX),
        ] {
            assert_eq!(whole_seconds(span), seconds, "{span:?}");
        }
    }

    #[test]
    fn spans_saturate_at_the_longest_duration() {
        let quota = Quota::per_hour(1, 1_193_046).unwrap();
        let decision = RateDecision::limited(quota, Duration::MAX);
        assert_eq!(decision.full_after(), Duration::MAX);
        let decision = RateDecision::limited(quota, Duration::ZERO);
        assert_eq!(decision.full_after(), Duration::from_hours(1_193_045));
        // A limiter of the host can return any number.
        let decision = RateDecision::admitted(quota, u32::MAX);
        assert_eq!(decision.full_after(), Duration::ZERO);
    }
}
