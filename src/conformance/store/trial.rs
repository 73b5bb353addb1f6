//! Compares one tenant of a store with the model of the contract.

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

/// After a caller went away, the store is idle if nothing changes for this long. The short time is for insertions,
/// because the suite notices when the store drops an insertion. The long time is for other calls, which may still run.
const SHORT_REST: Duration = Duration::from_millis(40);
const LONG_REST: Duration = Duration::from_millis(300);
/// An abandoned call takes at most this many times as long as the slowest earlier call.
const TIMES_SLOWEST: u32 = 5;
const MAX_REST: Duration = Duration::from_secs(3);
const LOOKS: u32 = 8;
/// A store that works on an abandoned call for longer than this breaks the rule.
const MAX_WORK: Duration = Duration::from_secs(12);

/// How many calls of a trial are shown.
const MAX_LINES: usize = 60;

/// A call and its outcome.
type Made = (Call, Outcome);

/// A tenant, the calls that were made in it, and all states that explain their outcomes.
pub(super) struct Trial<S> {
    pub(super) fixture: Fixture<S>,
    /// There are several states after a race whose order is unknown.
    pub(super) states: Vec<Contract>,
    /// The ids and keys that the calls have named.
    pub(super) ids: BTreeSet<ClientId>,
    pub(super) keys: BTreeSet<DuplicateKey>,
    history: Vec<String>,
    slowest: Duration,
    /// The seed of random calls.
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

    /// A state that explains all outcomes so far.
    pub(super) fn state(&self) -> &Contract {
        let [state, ..] = self.states.as_slice() else {
            self.fail("no state explains the outcomes")
        };
        state
    }

    /// Makes a call and checks that its outcome follows the contract.
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
            let expected = before.into_iter().map(|mut state| state.make(call));
            let differences: Vec<_> = expected.map(|it| outcome.difference(&it)).collect();
            self.fail(&format!(
                "the outcome of the last call breaks the contract: {}",
                differences.join(", or ")
            ));
        }
    }

    /// Makes a call, pauses it after it has waited `waits` times, and makes the other calls, one after the other,
    /// before the call continues. Returns whether the call was paused.
    pub(super) async fn interleave(&mut self, first: &Call, others: &[Call], waits: usize) -> bool {
        let first = self.localize(first);
        let others: Vec<_> = others.iter().map(|call| self.localize(call)).collect();
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

    /// Makes two calls at once in separate tasks.
    pub(super) async fn race(&mut self, first: &Call, second: &Call) {
        let calls = [first, second].map(|call| self.localize(call));
        let racers = calls.clone().map(|call| made(self.fixture.clone(), call));
        let ended: Vec<_> = calls.into_iter().zip(race(racers).await).collect();
        if let [first, others @ ..] = ended.as_slice() {
            self.explain_both(first, others, false);
        }
    }

    /// Keeps the states that follow from a possible order, in which the first call comes before, between or after
    /// the others.
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
            self.fail(
                "the outcomes of the last calls break the contract in every order of the calls",
            );
        }
    }

    /// Makes a call and abandons it after it has waited `waits` times. Afterwards the store has done the call
    /// completely or not at all. Returns whether the call was abandoned.
    pub(super) async fn abandon(&mut self, call: &Call, waits: usize) -> bool {
        let call = &self.localize(call);
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
        // If a back end makes one call after the other, the abandoned call has ended before these calls.
        for _ in 0..2 {
            self.call(Call::Remove(id("nobody"))).await;
        }
        self.wait_until_idle(call, &reports).await;
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
                "an abandoned insertion is reported if it is stored, and only then, but the reports are {reported:?}"
            ));
        }
        true
    }

    /// Waits until the store no longer works on a call whose caller went away.
    async fn wait_until_idle(&self, call: &Call, reports: &Reports) {
        let rest = self.rest_after(call);
        let began = Instant::now();
        let (mut since, mut last) = (began, Vec::new());
        while since.elapsed() < rest || !reports.are_complete() {
            if began.elapsed() > MAX_WORK.max(rest.saturating_mul(2)) {
                self.fail(if reports.are_complete() {
                    "the clients still change although the caller went away and no other call runs"
                } else {
                    "the store has neither reported nor dropped the insertion of a caller that went away"
                });
            }
            tokio::time::sleep(rest / LOOKS).await;
            let seen = self.fixture.clients().await;
            if seen != last {
                (since, last) = (Instant::now(), seen);
            }
        }
    }

    /// How long nothing must change until the store counts as idle.
    fn rest_after(&self, call: &Call) -> Duration {
        let is_insertion = matches!(call, Call::Insert { .. });
        let least = if is_insertion { SHORT_REST } else { LONG_REST };
        let slowest = self.slowest.saturating_mul(TIMES_SLOWEST);
        slowest.clamp(least, MAX_REST)
    }

    /// The same call in this tenant. The trial remembers its id and key.
    pub(super) fn localize(&mut self, call: &Call) -> Call {
        let call = call.within(&self.fixture.tenant);
        self.note(&call);
        call
    }

    /// Remembers the client and the key that the call names.
    fn note(&mut self, call: &Call) {
        if let Call::Insert { key, .. } = call {
            self.keys.extend(*key);
        }
        self.ids.extend(call.id().cloned());
    }

    /// Reports a broken rule with this message and the calls of the trial.
    pub(super) fn fail(&self, message: &str) -> ! {
        let seed = self
            .seed
            .map(|seed| format!(" ({SEED}={seed} repeats them)"));
        let seed = seed.unwrap_or_default();
        let mut text = format!(
            "{message}\nThe calls{seed} in tenant {}:",
            self.fixture.tenant
        );
        let older = self.history.len().saturating_sub(MAX_LINES);
        if older > 0 {
            let _written = write!(text, "\n      {older} earlier calls are not shown");
        }
        for (number, call) in self.history.iter().enumerate().skip(older) {
            // Writing to a `String` does not fail.
            let _written = write!(text, "\n{:>4}. {call}", number + 1);
        }
        broken(&text)
    }
}

/// Makes a call. Returns its outcome, after checking that the store has reported it.
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
