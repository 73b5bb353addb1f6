//! One tenant of a store beside the model of the contract.

use std::{collections::BTreeSet, fmt::Write as _, mem::take, sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::{
    client::Client,
    conformance::{
        random::SEED,
        store::{
            call::{Call, Outcome},
            contract::Contract,
            fixture::{Fixture, broken, id},
            race::race,
            reports::Reports,
            schedule::{begun, interleaved},
        },
    },
    store::{ClientStore, DuplicateKey, InsertOutcome},
    types::ClientId,
};

/// After a caller went away, the store is at rest if nothing changes for this long. The short time is for insertions,
/// which the store has dropped by then. The long time is for other calls, which may still run.
const SHORT_REST: Duration = Duration::from_millis(40);
const LONG_REST: Duration = Duration::from_millis(300);
/// A call without a caller takes at most this many times as long as the slowest call before.
const TIMES_SLOWEST: u32 = 5;
const MOST_REST: Duration = Duration::from_secs(3);
const LOOKS: u32 = 8;
/// A store that works for longer than this for a caller that went away does not come to rest.
const MOST_WORK: Duration = Duration::from_secs(12);

/// How many calls of a trial are shown.
const MOST_LINES: usize = 60;

/// A call and its outcome.
type Made = (Call, Outcome);

/// A tenant, the calls that were made in it, and every state that explains their outcomes.
pub(super) struct Trial<S> {
    pub(super) fixture: Fixture<S>,
    /// There are several after a race whose order nobody knows.
    pub(super) states: Vec<Contract>,
    /// What the calls have named.
    pub(super) ids: BTreeSet<ClientId>,
    pub(super) keys: BTreeSet<DuplicateKey>,
    history: Vec<String>,
    slowest: Duration,
    /// What the calls were drawn from.
    seed: Option<u64>,
}

impl<S: ClientStore> Trial<S> {
    pub(super) fn new(fixture: Fixture<S>) -> Self {
        Self {
            fixture,
            states: vec![Contract::default()],
            ids: BTreeSet::new(),
            keys: BTreeSet::new(),
            history: Vec::new(),
            slowest: Duration::ZERO,
            seed: None,
        }
    }

    /// A trial of random calls.
    pub(super) fn seeded(fixture: Fixture<S>, seed: u64) -> Self {
        Self {
            seed: Some(seed),
            ..Self::new(fixture)
        }
    }

    /// A state that explains all outcomes until now.
    pub(super) fn state(&self) -> &Contract {
        let [state, ..] = self.states.as_slice() else {
            self.fail("no state explains the outcomes")
        };
        state
    }

    /// Makes a call, whose outcome has to be the outcome of the contract.
    pub(super) async fn call(&mut self, call: Call) {
        self.note(&call);
        let began = Instant::now();
        let outcome = made(self.fixture.clone(), call.clone()).await;
        self.slowest = self.slowest.max(began.elapsed());
        self.explain(&call, &outcome);
    }

    fn explain(&mut self, call: &Call, outcome: &Outcome) {
        self.history.push(format!("{call} → {outcome}"));
        let before = self.states.clone();
        self.states
            .retain_mut(|state| state.explains(call, outcome));
        if self.states.is_empty() {
            let expected = before.into_iter().map(|mut it| it.make(call));
            let differences: Vec<_> = expected.map(|it| outcome.difference(&it)).collect();
            self.fail(&format!(
                "by the contract, the last call has another outcome: {}",
                differences.join(", or ")
            ));
        }
    }

    /// Makes a call that stops after it has waited `waits` times, until the other calls are done, one after the
    /// other. Whether the first had to wait so often.
    pub(super) async fn interleave(&mut self, first: &Call, others: &[Call], waits: usize) -> bool {
        let first = self.own(first);
        let others: Vec<_> = others.iter().map(|call| self.own(call)).collect();
        let fixture = self.fixture.clone();
        let second = async {
            let mut outcomes = Vec::with_capacity(others.len());
            for call in &others {
                let outcome = made(fixture.clone(), call.clone()).await;
                outcomes.push((call.clone(), outcome));
            }
            outcomes
        };
        let call = made(fixture.clone(), first.clone());
        let both = interleaved(Box::pin(call), Box::pin(second), waits).await;
        self.explain_both(&(first, both.first), &both.second, both.is_in_order);
        !both.is_in_order
    }

    /// Makes two calls at once, in tasks of their own.
    pub(super) async fn race(&mut self, first: &Call, second: &Call) {
        let calls = [first, second].map(|call| self.own(call));
        let racers = calls.clone().map(|call| made(self.fixture.clone(), call));
        let ended: Vec<_> = calls.into_iter().zip(race(racers).await).collect();
        if let [first, others @ ..] = ended.as_slice() {
            self.explain_both(first, others, false);
        }
    }

    /// Keeps the states that one of the orders leads to: the first call comes before, between or after the
    /// others.
    fn explain_both(&mut self, first: &Made, others: &[Made], is_in_order: bool) {
        let how = if is_in_order { "then" } else { "meanwhile" };
        self.history.push(format!("{} → {}", first.0, first.1));
        for (call, outcome) in others {
            self.history.push(format!("  {how} {call} → {outcome}"));
        }
        let last_place = if is_in_order { 0 } else { others.len() };
        for state in take(&mut self.states) {
            for place in 0..=last_place {
                let (before, after) = others.split_at(place);
                let order = before.iter().chain([first]).chain(after);
                let mut state = state.clone();
                let is_explained = { order }.all(|(call, it)| state.explains(call, it));
                if is_explained && !self.states.contains(&state) {
                    self.states.push(state);
                }
            }
        }
        if self.states.is_empty() {
            self.fail("by the contract, no order of the last calls has these outcomes");
        }
    }

    /// Makes a call and goes away after it has waited `waits` times. Afterwards the call is done, or not
    /// begun. Whether it had to wait so often.
    pub(super) async fn abandon(&mut self, call: &Call, waits: usize) -> bool {
        let call = &self.own(call);
        let reports = Reports::default();
        let fixture = self.fixture.clone();
        let (store, tenant) = (&*fixture.store, &fixture.tenant);
        let mut made = Box::pin(call.make(store, tenant, reports.reporter())) as _;
        let ended = begun(&mut made, waits).await;
        drop(made);
        if let Some(outcome) = ended {
            self.explain(call, &reports.checked(outcome));
            return false;
        }
        self.history
            .push(format!("{call} → the caller went away after {waits} waits"));
        // Where a back end makes one call after the other, the abandoned call is over before these.
        for _ in 0..2 {
            self.call(Call::Remove(id("nobody"))).await;
        }
        self.come_to_rest(call, &reports).await;
        let reported = reports.all();
        for state in take(&mut self.states) {
            let mut done = state.clone();
            let outcome = done.make(call);
            let reports = match outcome {
                Outcome::Inserted(outcome) => vec![outcome],
                _ => Vec::new(),
            };
            let ends: [(_, Vec<InsertOutcome>); 2] = [(state, Vec::new()), (done, reports)];
            let explained = ends.into_iter().filter(|(_, reports)| *reports == reported);
            self.states.extend(explained.map(|(state, _)| state));
        }
        if self.states.is_empty() {
            self.fail(&format!(
                "an insertion is reported if it is done: {reported:?}"
            ));
        }
        true
    }

    /// Waits until the store has done what it does for a caller that went away.
    async fn come_to_rest(&self, call: &Call, reports: &Reports) {
        let rest = self.rest_after(call);
        let began = Instant::now();
        let (mut since, mut last) = (began, Vec::new());
        while since.elapsed() < rest || !reports.are_complete() {
            if began.elapsed() > MOST_WORK.max(rest.saturating_mul(2)) {
                self.fail(if reports.are_complete() {
                    "the clients still change, although the caller went away and no other call is made"
                } else {
                    "the store still holds the insertion of a caller that went away: it is neither reported nor dropped"
                });
            }
            tokio::time::sleep(rest / LOOKS).await;
            let seen = self.fixture.clients().await;
            if seen != last {
                (since, last) = (Instant::now(), seen);
            }
        }
    }

    /// How long nothing may change until the store is at rest.
    fn rest_after(&self, call: &Call) -> Duration {
        let is_insertion = matches!(call, Call::Insert { .. });
        let least = if is_insertion { SHORT_REST } else { LONG_REST };
        let slowest = self.slowest.saturating_mul(TIMES_SLOWEST);
        slowest.clamp(least, MOST_REST)
    }

    /// The call in this tenant, which is going to be made.
    pub(super) fn own(&mut self, call: &Call) -> Call {
        let call = call.within(&self.fixture.tenant);
        self.note(&call);
        call
    }

    /// Keeps which client and key the call names.
    fn note(&mut self, call: &Call) {
        if let Call::Insert { key, .. } = call {
            self.keys.extend(*key);
        }
        self.ids.extend(call.id().cloned());
    }

    /// Says what is broken, after which calls.
    pub(super) fn fail(&self, says: &str) -> ! {
        let seed = self
            .seed
            .map(|seed| format!(" ({SEED}={seed} repeats them)"));
        let seed = seed.unwrap_or_default();
        let mut text = format!("{says}\nThe calls{seed} in tenant {}:", self.fixture.tenant);
        let older = self.history.len().saturating_sub(MOST_LINES);
        if older > 0 {
            let _written = write!(text, "\n      after {older} others");
        }
        for (number, call) in self.history.iter().enumerate().skip(older) {
            // Writing to a `String` does not fail.
            let _written = write!(text, "\n{:>4}. {call}", number + 1);
        }
        broken(&text)
    }
}

/// What a call comes to, whose outcome has to be reported.
async fn made<S: ClientStore>(fixture: Fixture<S>, call: Call) -> Outcome {
    let reports = Reports::default();
    let outcome = call.make(&*fixture.store, &fixture.tenant, reports.reporter());
    reports.checked(outcome.await)
}

/// The insertion of a client.
pub(super) fn insert(client: Client) -> Call {
    Call::Insert {
        client: Arc::new(client),
        key: None,
        max: None,
    }
}
