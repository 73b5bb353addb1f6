use std::time::Duration;

use crate::rate_limit::{Quota, RateDecision};

/// The reply of the script. It is 1 and the time that the bucket needed to be full before it gave a token, or 0 and the
/// time until it has a token. Times are in seconds and nanoseconds.
pub(super) type Reply = (u8, u64, u32);

/// The error for a reply that the script can't have sent.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the reply of the script is invalid")]
pub(super) struct InvalidReply;

/// A quota in the form that the script uses: as durations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    quota: Quota,
    /// The time in nanoseconds in which one token is refilled, at most an hour.
    pub(super) period: u64,
    /// The time in which all tokens except one are refilled.
    pub(super) rest: Duration,
}

impl Bucket {
    pub(super) fn of(quota: Quota) -> Self {
        let interval = quota.token_interval();
        let period = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
        let rest = interval.saturating_mul(quota.burst().saturating_sub(1));
        Self {
            quota,
            period,
            rest,
        }
    }

    /// The decision that a reply of the script stands for.
    ///
    /// # Errors
    /// [`InvalidReply`] if the script can't have sent this reply.
    pub(super) fn decision(self, reply: Reply) -> Result<RateDecision, InvalidReply> {
        let (outcome, seconds, nanoseconds) = reply;
        let span =
            Duration::from_secs(seconds).saturating_add(Duration::from_nanos(nanoseconds.into()));
        match outcome {
            0 if !span.is_zero() => Ok(RateDecision::limited(self.quota, span)),
            1 => {
                let full = self.rest.checked_sub(span).ok_or(InvalidReply)?;
                // This is less than the burst, because `rest` is the burst less one, times the period.
                let remaining = full.as_nanos().checked_div(self.period.into());
                let remaining = remaining.and_then(|tokens| u32::try_from(tokens).ok());
                let remaining = remaining.ok_or(InvalidReply)?;
                Ok(RateDecision::admitted(self.quota, remaining))
            }
            _ => Err(InvalidReply),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_at_the_extremes_are_read_or_refused() {
        for quota in [
            Quota::new(Quota::MAX_PER_SECOND, u32::MAX).unwrap(),
            Quota::per_hour(1, 1).unwrap(),
        ] {
            let bucket = Bucket::of(quota);
            let full = bucket.decision((1, 0, 0)).unwrap();
            assert_eq!(full.remaining(), quota.burst() - 1);
            assert!(bucket.decision((1, u64::MAX, u32::MAX)).is_err());
            assert!(bucket.decision((0, 0, 0)).is_err());
            let limited = bucket.decision((0, u64::MAX, u32::MAX)).unwrap();
            assert!(!limited.is_admitted());
            assert_eq!(limited.full_after(), Duration::MAX);
        }
    }
}
