//! A limiter under test. Each decision is compared with the decisions that a token bucket can make.

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

/// How many requests beyond the burst a drain makes if the bucket never becomes empty.
const BEYOND_THE_BURST: u32 = 16;

/// Makes requests, and checks each decision with a model of the bucket. The limiter has not seen the keys before,
/// so each bucket is full at first.
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

    /// The same limiter with a separate history, for checks that run in parallel.
    pub(in crate::conformance) fn separate(&self) -> Self {
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

    /// Makes requests one after the other until a request is refused. If tokens return as fast as the limiter
    /// decides, the drain stops a little after the burst.
    pub(super) async fn drain(&self, key: RateKey<'_>, quota: Quota) {
        let enough = quota.burst().saturating_add(BEYOND_THE_BURST);
        let mut admitted = 0;
        while self.acquire(key, quota).await.is_admitted() {
            admitted += 1;
            if admitted >= enough && self.may_admit(key, quota) {
                return;
            }
        }
    }

    /// Whether the bucket may have a token now.
    fn may_admit(&self, key: RateKey<'_>, quota: Quota) -> bool {
        let now = self.time.elapsed();
        let span = span_of::<T>((now, now));
        let mut seen = self.lock();
        let tokens = seen.bucket(key, quota).admitted(Shape::of(quota), span);
        *tokens.end() > 0
    }

    /// Makes a request. [`settle`](Self::settle) checks the decision later, together with other decisions.
    pub(super) async fn ask(&self, key: RateKey<'_>, quota: Quota) -> RateDecision {
        let from = self.time.elapsed();
        let fault = match timeout(LONGEST_REQUEST, self.limiter.acquire(key, quota)).await {
            Ok(Ok(decision)) => return decision,
            Ok(Err(error)) => format!("the limiter returned an error: {error:?}"),
            Err(_) => format!("the limiter made no decision within {LONGEST_REQUEST:?}"),
        };
        let times = (from, self.time.elapsed());
        self.lock().remember(key, quota, times, &[], 1);
        self.fail(&fault)
    }

    /// Checks the decisions about simultaneous requests of one bucket. `abandoned` is the number of further
    /// requests whose caller went away.
    pub(super) fn settle(
        &self,
        key: RateKey<'_>,
        quota: Quota,
        times: (Duration, Duration),
        decisions: &[RateDecision],
        abandoned: u32,
    ) {
        let shape = Shape::of(quota);
        let span = span_of::<T>(times);
        let mut seen = self.lock();
        seen.remember(key, quota, times, decisions, abandoned);
        let bounds = seen.bucket(key, quota);
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

    /// Sets the text before the history in messages.
    pub(super) fn note(&self, text: String) {
        self.lock().history.note = text;
    }

    /// Panics with the fault and the history.
    ///
    /// # Panics
    /// Always.
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
    fn bucket(&mut self, key: RateKey<'_>, quota: Quota) -> &mut Bounds {
        let name = (key.to_string(), quota.token_interval(), quota.burst());
        self.buckets.entry(name).or_insert_with(Bounds::full)
    }

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

/// When a limiter can have read its clock for requests between these times.
fn span_of<T: Time>((from, to): (Duration, Duration)) -> Span {
    let resolution = nanos(T::RESOLUTION);
    Span {
        from: nanos(from) - resolution,
        to: nanos(to) + resolution,
    }
}
