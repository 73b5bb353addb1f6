//! Random histories beside the model of the contract.

use std::time::Duration;

use crate::{
    conformance::{
        random::{Random, seed},
        store::{
            call::Call,
            fixture::{Fixture, id},
            generator,
            race::race,
            schedule::{AT_ONCE, Budget},
            trial::Trial,
        },
    },
    store::ClientStore,
    types::TenantId,
};

/// How often a few histories are tried on a quick store, for how long, and how long each is.
const ROUNDS: u64 = 40;
const LONG_ENOUGH: Duration = Duration::from_secs(6);
const STEPS: u64 = 40;

/// Whatever is done to a few clients of two tenants, one call after the other, two at once or by a caller that
/// goes away: the outcomes are those of the contract. The first history is the history of the seed that the environment
/// variable `OAUTH_DCR_CONFORMANCE_SEED` sets.
pub async fn random_histories_match_the_contract(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let budget = Budget::new(LONG_ENOUGH);
    let mut next = seed();
    let mut random = Random::new(next);
    for _ in 0..ROUNDS {
        let histories = [(); AT_ONCE].map(|()| {
            let (fixture, seed) = (fixture.clone(), next);
            next = random.number();
            async move { history(&fixture, seed).await }
        });
        race(histories).await;
        if budget.is_spent() {
            return;
        }
    }
}

/// The history of a seed.
async fn history<S: ClientStore>(fixture: &Fixture<S>, seed: u64) {
    let mut random = Random::new(seed);
    let first = fixture.another();
    let alike = TenantId::parse(&format!("{}:a", first.tenant));
    let second = alike.map_or_else(|_| fixture.another(), |it| fixture.within(it));
    let mut trials = [first, second].map(|fixture| Trial::seeded(fixture, seed));
    for _ in 0..STEPS {
        let [first, second] = &mut trials;
        let trial = if random.chance(65) { first } else { second };
        step(&mut random, trial).await;
    }
    for trial in &mut trials {
        trial.audit().await;
    }
}

async fn step<S: ClientStore>(random: &mut Random, trial: &mut Trial<S>) {
    let call = generator::call(random, trial);
    match random.below(100) {
        0..15 => {
            let other = generator::call(random, trial);
            trial
                .interleave(&call, &[other], random.pick(&[0, 1, 2]))
                .await;
        }
        15..20 if !matches!(call, Call::Sweep(_)) => {
            trial.abandon(&call, random.pick(&[0, 1, 2])).await;
        }
        _ => trial.call(call.clone()).await,
    }
    let looks_at = call.id().cloned().unwrap_or_else(|| id("a"));
    if random.chance(50) {
        for _ in 0..2 {
            trial.call(Call::Find(looks_at.clone())).await;
        }
    }
    if random.chance(20) {
        trial.list().await;
    }
}
