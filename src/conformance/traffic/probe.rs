//! A limiter under test: each of its decisions is compared with what a token bucket can decide.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::timeout;

use crate::{
    conformance::traffic::{
        history::{History, Request},
        model::{Bounds, Shape, Span, nanos},
        time::{RealTime, Time},
    },
    rate_limit::{Quota, RateDecision, RateKey, RateLimiter},
};

/// The longest that a request may take.
const LONGEST_REQUEST: Duration = Duration::from_secs(10);

/// Makes requests, and checks each decision by a model of the bucket. The keys are new to the limiter, so
/// each bucket is full at first.
pub(in crate::conformance) struct Probe<L, T> {
    limiter: Arc<L>,
    time: T,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    buckets: HashMap<(String, Duration, u32), Bounds>,
    history: History,
}

impl<L, T: Clone> Clone for Probe<L, T> {
    fn clone(&self) -> Self {
        Self {
            limiter: Arc::clone(&self.limiter),
            time: self.time.clone(),
            seen: Arc::clone(&self.seen),
        }
    }
}

impl<L: RateLimiter> Probe<L, RealTime> {
    pub(in crate::conformance) fn in_real_time(limiter: L) -> Self {
        Self::new(limiter, RealTime::start())
    }
}

impl<L: RateLimiter, T: Time> Probe<L, T> {
    pub(in crate::conformance) fn new(limiter: L, time: T) -> Self {
        Self {
            limiter: Arc::new(limiter),
            time,
            seen: Arc::default(),
        }
    }

    /// The same limiter with a history of its own, for checks that run side by side.
    pub(in crate::conformance) fn apart(&self) -> Self {
        Self {
            seen: Arc::default(),
            ..self.clone()
        }
    }

    pub(super) fn time(&self) -> &T {
        &self.time
    }

    /// Makes a request, and checks the decision.
    pub(super) async fn acquire(&self, key: RateKey<'_>, quota: Quota) -> RateDecision {
        let from = self.time.elapsed();
        let decision = self.ask(key, quota).await;
        let times = (from, self.time.elapsed());
        self.settle(key, quota, times, &[decision], 0);
        decision
    }

    /// Makes requests one after the other, until one is refused.
    pub(super) async fn drain(&self, key: RateKey<'_>, quota: Quota) {
        let far_too_many = 1_000_000;
        for _ in 0..far_too_many {
            if !self.acquire(key, quota).await.is_admitted() {
                return;
            }
        }
        self.fail(&format!(
            "a bucket is emptied at some time: {far_too_many} of {quota:?} were admitted"
        ));
    }

    /// Makes a request whose decision [`settle`](Self::settle) checks later, together with others.
    pub(super) async fn ask(&self, key: RateKey<'_>, quota: Quota) -> RateDecision {
        let from = self.time.elapsed();
        let fault = match timeout(LONGEST_REQUEST, self.limiter.acquire(key, quota)).await {
            Ok(Ok(decision)) => return decision,
            Ok(Err(error)) => format!("the limiter can't tell: {error:?}"),
            Err(_) => {
                format!("no request takes long: there is no decision after {LONGEST_REQUEST:?}")
            }
        };
        let times = (from, self.time.elapsed());
        self.lock().remember(key, quota, times, &[], 1);
        self.fail(&fault)
    }

    /// Checks the decisions about requests of one bucket that were made at the same time, of which so many
    /// were abandoned.
    pub(super) fn settle(
        &self,
        key: RateKey<'_>,
        quota: Quota,
        times: (Duration, Duration),
        decisions: &[RateDecision],
        abandoned: u32,
    ) {
        let shape = Shape::of(quota);
        let resolution = nanos(T::RESOLUTION);
        let span = Span {
            from: nanos(times.0) - resolution,
            to: nanos(times.1) + resolution,
        };
        let mut seen = self.lock();
        seen.remember(key, quota, times, decisions, abandoned);
        let name = (key.to_string(), quota.token_interval(), quota.burst());
        let bounds = seen.buckets.entry(name).or_insert_with(Bounds::full);
        bounds.drift(span, T::DRIFT);
        let fault = match decisions {
            [decision] if abandoned == 0 => bounds.decide(shape, span, decision),
            _ => bounds.race(shape, span, decisions, abandoned),
        };
        drop(seen);
        if let Some(fault) = fault {
            self.fail(&fault);
        }
    }

    /// Text that stands before the history in messages.
    pub(super) fn note(&self, text: String) {
        self.lock().history.note = text;
    }

    /// # Panics
    /// Always: with the fault and the history.
    #[expect(clippy::panic, reason = "a check fails by panicking")]
    pub(super) fn fail(&self, fault: &str) -> ! {
        let history = self.lock().history.to_string();
        panic!("{fault}.\n{history}");
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn remember(
        &mut self,
        key: RateKey<'_>,
        quota: Quota,
        times: (Duration, Duration),
        decisions: &[RateDecision],
        abandoned: u32,
    ) {
        let decided = decisions.iter().copied().map(Some);
        for decision in decided.chain((0..abandoned).map(|_| None)) {
            self.history.push(Request::new(key, quota, times, decision));
        }
    }
}
