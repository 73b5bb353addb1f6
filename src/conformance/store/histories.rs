//! Random histories of calls, compared with the model of the contract.

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

/// The largest number of rounds, the time after which no further round begins, and the steps of each history.
const ROUNDS: u64 = 40;
const TIME_LIMIT: Duration = Duration::from_secs(6);
const STEPS: u64 = 40;

/// Random calls change a few clients of two tenants. Some calls run one after the other, some overlap, and some
/// callers go away. All outcomes follow the contract. The environment variable `OAUTH_DCR_CONFORMANCE_SEED` sets the
/// seed of the first history.
pub async fn random_histories_match_the_contract(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let budget = Budget::new(TIME_LIMIT);
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
    let second = alike.map_or_else(|_| fixture.another(), |tenant| fixture.within(tenant));
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
    let named = call.id().cloned().unwrap_or_else(|| id("a"));
    if random.chance(50) {
        for _ in 0..2 {
            trial.call(Call::Find(named.clone())).await;
        }
    }
    if random.chance(20) {
        trial.list().await;
    }
}
