//! The decisions that a token bucket can make, given what is known about the times of its requests.

use std::{ops::RangeInclusive, time::Duration};

use crate::rate_limit::{Quota, RateDecision};

/// A quota as spans of time, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    quota: Quota,
    /// The time in which one token returns.
    period: i128,
    /// The time in which all tokens except one return.
    rest: i128,
}

impl Shape {
    pub(super) fn of(quota: Quota) -> Self {
        let period = nanos(quota.token_interval());
        let rest = period * i128::from(quota.burst() - 1);
        Self {
            quota,
            period,
            rest,
        }
    }

    fn tokens(self, time: i128) -> u32 {
        let tokens = time.max(0) / self.period;
        u32::try_from(tokens).unwrap_or(u32::MAX)
    }
}

/// The first and the last moment at which a limiter can have read its clock for some requests, in
/// nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) from: i128,
    pub(super) to: i128,
}

/// What is known about a bucket: the earliest and the latest moment at which the bucket can be full again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    earliest: i128,
    latest: i128,
    /// When the bounds were last adjusted.
    adjusted: i128,
}

impl Bounds {
    /// A bucket that has been full for a long time.
    pub(super) fn full() -> Self {
        let long_ago = i128::from(i64::MIN);
        Self {
            earliest: long_ago,
            latest: long_ago,
            adjusted: 0,
        }
    }

    /// Widens the bounds by the drift of the two clocks since the last adjustment.
    pub(super) fn drift(&mut self, span: Span, drift: Option<u32>) {
        let passed = (span.to - self.adjusted).max(0);
        let apart = drift.map_or(0, |part| passed / i128::from(part));
        self.earliest -= apart;
        self.latest += apart;
        self.adjusted = span.to;
    }

    /// How many racing requests of this span are admitted, if there are enough requests.
    pub(super) fn admitted(&self, shape: Shape, span: Span) -> RangeInclusive<u32> {
        let least = span.from + shape.rest - self.latest.max(span.to);
        let most = span.to + shape.rest - self.earliest.max(span.from);
        let tokens = |time: i128| match time {
            ..0 => 0,
            0.. => shape.tokens(time).saturating_add(1),
        };
        tokens(least)..=tokens(most)
    }

    /// Whether the bucket has the same number of tokens at each moment of the span, independent of which request
    /// reads the clock first. A bucket that may be full starts to gain tokens only at its first request.
    pub(super) fn is_exact(&self, shape: Shape, span: Span) -> bool {
        let tokens = self.admitted(shape, span);
        let gains_already = self.earliest >= span.to;
        tokens.start() == tokens.end() && (gains_already || span.from == span.to)
    }

    /// Updates the bounds after a decision. Returns what is wrong with the decision.
    pub(super) fn decide(
        &mut self,
        shape: Shape,
        span: Span,
        decision: &RateDecision,
    ) -> Option<String> {
        let fault = self.fault(shape, span, decision);
        if decision.is_admitted() {
            self.take(shape, span, 1..=1);
        } else {
            self.refuse(shape, span);
        }
        fault
    }

    /// Returns what is wrong with a decision.
    pub(super) fn fault(
        &self,
        shape: Shape,
        span: Span,
        decision: &RateDecision,
    ) -> Option<String> {
        let missing = self.missing(span);
        let fault = match decision.retry_after() {
            None => fault_of_admission(shape, missing, decision.remaining()),
            Some(wait) => fault_of_refusal(shape, missing, wait),
        };
        fault.or_else(|| fault_of_numbers(shape, decision))
    }

    /// The shortest and the longest time until the bucket is full.
    fn missing(&self, span: Span) -> (i128, i128) {
        let least = (self.earliest - span.to).max(0);
        let most = (self.latest - span.from).max(0);
        (least, most)
    }

    /// Updates the bounds after requests that took some tokens. `taken` has the least and the largest possible
    /// number.
    pub(super) fn take(&mut self, shape: Shape, span: Span, taken: RangeInclusive<u32>) {
        let (least, most) = (i128::from(*taken.start()), i128::from(*taken.end()));
        if least > 0 {
            self.earliest = self.earliest.max(span.from) + least * shape.period;
        }
        if most > 0 {
            // The bucket had each token when a request took it.
            let latest = self.latest.max(span.to) + most * shape.period;
            self.latest = latest.min(span.to + shape.rest + shape.period);
        }
    }

    /// Updates the bounds after a refused request, when the bucket had no token.
    fn refuse(&mut self, shape: Shape, span: Span) {
        self.earliest = self.earliest.max(span.from + shape.rest);
        self.latest = self.latest.max(self.earliest);
    }
}

fn fault_of_admission(shape: Shape, (least, most): (i128, i128), remaining: u32) -> Option<String> {
    if least > shape.rest {
        let wait = duration(least - shape.rest);
        return Some(format!(
            "the request was admitted, but the bucket gets its next token only after {wait:?}"
        ));
    }
    let range = shape.tokens(shape.rest - most)..=shape.tokens(shape.rest - least);
    let (least, most) = range.clone().into_inner();
    (!range.contains(&remaining))
        .then(|| format!("{least} to {most} tokens remain, not {remaining}"))
}

fn fault_of_refusal(shape: Shape, (least, most): (i128, i128), wait: Duration) -> Option<String> {
    if most <= shape.rest {
        let tokens = shape.tokens(shape.rest - most) + 1;
        return Some(format!(
            "the request was refused, but the bucket has {tokens} tokens"
        ));
    }
    let range = (least - shape.rest).max(1)..=most - shape.rest;
    let (least, most) = (duration(*range.start()), duration(*range.end()));
    (!range.contains(&nanos(wait)))
        .then(|| format!("the next token comes after {least:?} to {most:?}, not after {wait:?}"))
}

/// Returns what is wrong with the numbers of a decision that follow from the quota and the other numbers.
pub(super) fn fault_of_numbers(shape: Shape, decision: &RateDecision) -> Option<String> {
    let expected = match decision.retry_after() {
        None => RateDecision::admitted(shape.quota, decision.remaining()),
        Some(wait) => RateDecision::limited(shape.quota, wait),
    };
    (*decision != expected).then(|| {
        format!("the numbers of {decision:?} do not match the quota, which gives {expected:?}")
    })
}

pub(super) fn nanos(time: Duration) -> i128 {
    i128::try_from(time.as_nanos()).unwrap_or(i128::MAX)
}

fn duration(nanos: i128) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or_default())
}
