//! The effect of a tenant's locked row on other tenants: their rate and their slowest calls with
//! and without it.

use std::{fmt, time::Duration};

use oauth_dcr::{postgres::PostgresStore, store::ClientStore as _};
use sqlx::PgPool;
use tokio::{task::JoinSet, time::Instant};

use crate::fixture::{database, is_inserted, limited, lock_row, plain};

/// The number of pairs of a slice without a locked row and a slice with a locked row.
const PAIRS: u32 = 3;

/// How many callers each kind of insertion has.
const CALLERS: usize = 4;

/// The least part of the rate that is left on a busy machine. The goal is 0.8.
const LEAST_RATE: f64 = 0.4;

/// The length of a slice. Longer slices are for measuring.
fn slice() -> Duration {
    let millis = std::env::var("OAUTH_DCR_LOCKED_ROW_MILLIS");
    let millis = millis.map_or(1_000, |text| text.parse().unwrap());
    Duration::from_millis(millis)
}

/// An insertion of a tenant whose row is free.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Plain,
    Counted,
}

/// How long each call took.
#[derive(Default)]
struct Times(Vec<Duration>);

impl Times {
    /// The time that one call in a hundred exceeds.
    fn p99(&self) -> Duration {
        let mut times = self.0.clone();
        times.sort_unstable();
        times[times.len() * 99 / 100]
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} calls, p99 {:?}", self.0.len(), self.p99())
    }
}

/// Inserts until `end`.
async fn insert(store: PostgresStore, kind: Kind, name: String, end: Instant) -> Vec<Duration> {
    let mut times = Vec::new();
    while Instant::now() < end {
        let id = format!("{name}-{}", times.len());
        let insertion = match kind {
            Kind::Plain => plain("plain", &id),
            Kind::Counted => limited("counted", &id, 100_000_000),
        };
        let start = Instant::now();
        assert!(is_inserted(&store.insert(insertion).await.unwrap()));
        times.push(start.elapsed());
    }
    times
}

/// Measures both kinds for a slice.
async fn measure(store: &PostgresStore, name: &str, times: &mut [Times; 2]) {
    let end = Instant::now() + slice();
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        for (place, kind) in [Kind::Plain, Kind::Counted].into_iter().enumerate() {
            let (store, name) = (store.clone(), format!("{name}-{kind:?}{caller}"));
            callers.spawn(async move { (place, insert(store, kind, name, end).await) });
        }
    }
    for (place, more) in callers.join_all().await {
        times[place].0.extend(more);
    }
}

/// Registers in the locked tenant for a slice. Returns how many calls failed.
async fn call_locked(store: PostgresStore) -> usize {
    let end = Instant::now() + slice();
    let mut failed = 0;
    while Instant::now() < end {
        let inserted = store.insert(limited("locked", "second", 100)).await;
        inserted.unwrap_err();
        failed += 1;
    }
    failed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_tenant_slows_no_other_tenant() {
    let url = database();
    let store = PostgresStore::connect(&url).await.unwrap();
    let pool = PgPool::connect(&url).await.unwrap();
    store.insert(limited("locked", "first", 100)).await.unwrap();
    let (mut free, mut locked) = (Default::default(), Default::default());
    // Opens the connections and creates the rows of the tenants.
    measure(&store, "first", &mut <[Times; 2]>::default()).await;
    for pair in 0..PAIRS {
        measure(&store, &format!("free{pair}"), &mut free).await;
        let operator = lock_row(&pool, "locked").await;
        let calls = (0..CALLERS).map(|_| call_locked(store.clone()));
        let calls: JoinSet<_> = calls.collect();
        measure(&store, &format!("locked{pair}"), &mut locked).await;
        assert!(calls.join_all().await.into_iter().all(|failed| failed > 0));
        operator.rollback().await.unwrap();
    }
    for (kind, (free, locked)) in ["plain", "counted"].iter().zip(free.iter().zip(&locked)) {
        let rate = ratio(locked.0.len(), free.0.len());
        let p99 = locked.p99().as_secs_f64() / free.p99().as_secs_f64();
        println!("{kind}: free {free}; locked {locked}; rate x {rate:.2}, p99 x {p99:.2}");
        assert!(rate >= LEAST_RATE, "{kind}: {rate}");
    }
}

/// The counts are far below the point where `f64` loses digits.
fn ratio(part: usize, whole: usize) -> f64 {
    let [part, whole] = [part, whole].map(|it| f64::from(u32::try_from(it).unwrap()));
    part / whole
}
