//! Callers that go away before the decision.

use std::{pin::Pin, time::Duration};

use tokio::time::sleep;

use crate::{
    conformance::{
        random::fresh_tenant,
        traffic::{bucket::slowest, probe::Probe, steps::poll_times, time::Time},
    },
    rate_limit::{Quota, RateDecision, RateKey, RateLimiter},
};

/// The most steps after which a caller goes away.
const STEPS: u32 = 10;

/// How long a limiter may keep working on a request after its caller has gone away.
const AFTERMATH: Duration = Duration::from_millis(20);

/// What another caller does before the first caller goes away.
#[derive(Clone, Copy, Debug)]
enum Meanwhile {
    /// No other caller asks.
    Nothing,
    /// Another request is decided.
    AnotherAsks,
    /// Another request has started, and is decided after the first caller is gone.
    AnotherWaits,
}

/// Abandons requests after each of their steps, with none, some or all of the tokens taken.
pub(in crate::conformance) async fn abandon_at_each_step<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
) {
    use Meanwhile::{AnotherAsks, AnotherWaits, Nothing};
    for steps in 1..=STEPS {
        let mut all_decided = true;
        for meanwhile in [Nothing, AnotherAsks, AnotherWaits] {
            for taken in [0, 2, 6] {
                all_decided &= abandon_requests(probe, taken, steps, meanwhile).await;
            }
        }
        if all_decided {
            return;
        }
    }
}

/// Abandons three requests of a bucket of six after `steps` steps. Returns whether all of them were already
/// decided.
async fn abandon_requests<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
    taken: u32,
    steps: u32,
    meanwhile: Meanwhile,
) -> bool {
    let (tenant, quota) = (fresh_tenant(), slowest(6));
    let key = RateKey::Tenant(&tenant);
    for _ in 0..taken {
        probe.acquire(key, quota).await;
    }
    let from = probe.time().elapsed();
    let (mut decisions, mut abandoned) = (Vec::new(), 0);
    for _ in 0..3 {
        let mut caller = Box::pin(probe.ask(key, quota));
        match poll_times(caller.as_mut(), steps).await {
            Some(decision) => decisions.push(decision),
            None => abandoned += 1,
        }
        decisions.extend(leave(probe, key, quota, caller, meanwhile).await);
    }
    sleep(if abandoned == 0 {
        Duration::ZERO
    } else {
        AFTERMATH
    })
    .await;
    // Requests that still run are decided before this request.
    decisions.push(probe.ask(key, quota).await);
    let times = (from, probe.time().elapsed());
    probe.settle(key, quota, times, &decisions, abandoned);
    probe.drain(key, quota).await;
    if abandoned > 0 {
        sleep(AFTERMATH).await;
        probe.acquire(key, quota).await;
    }
    abandoned == 0
}

/// Drops the caller's request after what happens meanwhile. Returns the decision of the other request.
async fn leave<L: RateLimiter, T: Time, F: Future<Output = RateDecision>>(
    probe: &Probe<L, T>,
    key: RateKey<'_>,
    quota: Quota,
    caller: Pin<Box<F>>,
    meanwhile: Meanwhile,
) -> Option<RateDecision> {
    match meanwhile {
        Meanwhile::Nothing => None,
        Meanwhile::AnotherAsks => {
            // If the other request has to wait for the abandoned request, it is decided after the caller is gone.
            let mut another = Box::pin(probe.ask(key, quota));
            let early = tokio::time::timeout(AFTERMATH, another.as_mut()).await;
            drop(caller);
            Some(match early {
                Ok(decision) => decision,
                Err(_) => another.await,
            })
        }
        Meanwhile::AnotherWaits => {
            let mut another = Box::pin(probe.ask(key, quota));
            let early = poll_times(another.as_mut(), 1).await;
            drop(caller);
            Some(match early {
                Some(decision) => decision,
                None => another.await,
            })
        }
    }
}
