//! The store in PostgreSQL against hand-written statements, one client each, over a pool of the same
//! size and settings.
//!
//! It starts a PostgreSQL of its own, which waits for the disk at each commit. Both sides write to
//! the same table, alternately, so that other work of the machine and its disk affects both. It
//! reports; it never fails for being slow.

use std::{
    cell::RefCell,
    io::{self, Write as _},
    sync::Arc,
    time::{Duration, Instant},
};

use oauth_dcr::{
    Client, ClientId, TenantId,
    postgres::PostgresStore,
    store::{ClientStore as _, InsertOutcome, Insertion},
};
use oauth_dcr_benches::{
    baseline::postgres::Baseline,
    clients::{Clients, id},
    spread::{Spread, rounds, verdict},
};
use private_servers::PrivatePostgres;
use sqlx::{
    Connection as _, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::runtime::Runtime;

/// Slices of each side in a round.
const SLICES: u32 = 4;

/// Clients that each of many workers registers in a slice.
const INSERTS: usize = 20;

/// Fewer workers than this register as many clients as this many, so that a slice of one worker is not over
/// before it has begun.
const FEW: usize = 8;

/// Clients that each worker looks up in a slice.
const FINDS: usize = 100;

/// Clients that are there to be found.
const STORED: usize = 1000;

/// A tenth more waiting is what a store may cost.
const THRESHOLD: f64 = 0.9;

/// What it may cost to insert a client of a tenant that is not counted.
const INSERT_THRESHOLD: f64 = 0.95;

/// What committing together has to be worth where 32 wait, and each would wait for the count.
const GROUPED_THRESHOLD: f64 = 3.0;

#[derive(Clone)]
enum Side {
    Ours(PostgresStore),
    Baseline(Baseline),
}

struct Bench {
    runtime: Runtime,
    ours: Side,
    baseline: Side,
    counting_baseline: Side,
    tenant: TenantId,
    clients: RefCell<Clients>,
}

fn main() -> io::Result<()> {
    let server = PrivatePostgres::start();
    let bench = Bench::new(&server);
    let rounds = rounds(20);
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{rounds} rounds; calls/s and ours / baseline: min median max"
    )?;
    for (baseline, name, thresholds) in [
        (&bench.baseline, "insert", [INSERT_THRESHOLD; 3]),
        (
            &bench.counting_baseline,
            "insert and count",
            [THRESHOLD, THRESHOLD, GROUPED_THRESHOLD],
        ),
    ] {
        for (workers, threshold) in [1, 8, 32].into_iter().zip(thresholds) {
            let insert = |side: &Side| bench.insert(side, workers);
            let measured = measure(rounds, || insert(baseline), || insert(&bench.ours));
            let name = format!("{name}, {workers} at once");
            report(&mut out, &name, &measured, threshold)?;
        }
    }
    for workers in [1, 32] {
        let find = |side: &Side| bench.find(side, workers);
        let measured = measure(rounds, || find(&bench.baseline), || find(&bench.ours));
        report(
            &mut out,
            &format!("find, {workers} at once"),
            &measured,
            THRESHOLD,
        )?;
    }
    Ok(())
}

/// Calls a second of the baseline and of ours, and ours in baselines.
struct Measured {
    baseline: Spread,
    ours: Spread,
    ratio: Spread,
}

fn report(
    out: &mut impl io::Write,
    name: &str,
    measured: &Measured,
    threshold: f64,
) -> io::Result<()> {
    let Measured {
        baseline,
        ours,
        ratio,
    } = measured;
    let verdict = verdict(ratio.median >= threshold);
    writeln!(out, "{name:<24} {ratio:.3}   >= {threshold} {verdict}")?;
    writeln!(out, "    baseline                {baseline:.0}")?;
    writeln!(out, "    ours                 {ours:.0}")
}

/// Each side gives its calls a second.
fn measure(rounds: usize, baseline: impl Fn() -> f64, ours: impl Fn() -> f64) -> Measured {
    let (mut baselines, mut our_rates, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    // Connections, statements and caches are there for both before either counts.
    baseline();
    ours();
    for _ in 0..rounds {
        let (mut baseline_time, mut our_time) = (0.0, 0.0);
        for slice in 0..SLICES {
            // Alternately: A B, B A, A B and so on.
            if slice % 2 == 0 {
                baseline_time += 1.0 / baseline();
                our_time += 1.0 / ours();
            } else {
                our_time += 1.0 / ours();
                baseline_time += 1.0 / baseline();
            }
        }
        baselines.push(f64::from(SLICES) / baseline_time);
        our_rates.push(f64::from(SLICES) / our_time);
        ratios.push(baseline_time / our_time);
    }
    Measured {
        baseline: Spread::of(baselines),
        ours: Spread::of(our_rates),
        ratio: Spread::of(ratios),
    }
}

impl Bench {
    fn new(server: &PrivatePostgres) -> Self {
        let runtime = Runtime::new().unwrap();
        let url = server.url();
        let mut clients = Clients::default();
        let stored = clients.next(STORED);
        let ours = runtime.block_on(PostgresStore::connect(&url)).unwrap();
        let _context = runtime.enter();
        let baseline = |counts| {
            let pool = pool(&url);
            Side::Baseline(Baseline { pool, counts })
        };
        let bench = Self {
            // Time is what is measured, so it is not bounded.
            ours: Side::Ours(ours.with_timeout(Duration::from_mins(1))),
            baseline: baseline(false),
            counting_baseline: baseline(true),
            tenant: stored[0].tenant().clone(),
            clients: RefCell::new(clients),
            runtime,
        };
        bench.insert_all(&bench.ours, &stored, 32);
        bench
    }

    fn insert(&self, side: &Side, workers: usize) -> f64 {
        let count = workers.max(FEW) * INSERTS;
        let clients = self.clients.borrow_mut().next(count);
        self.insert_all(side, &clients, workers)
    }

    fn insert_all(&self, side: &Side, clients: &[Arc<Client>], workers: usize) -> f64 {
        let calls = clients.len();
        let shares = clients.chunks(calls.div_ceil(workers)).map(<[_]>::to_vec);
        let work = shares.map(|clients| {
            let side = side.clone();
            async move {
                for client in clients {
                    side.insert(client).await;
                }
            }
        });
        self.rate(calls, work.collect())
    }

    fn find(&self, side: &Side, workers: usize) -> f64 {
        let work = (0..workers).map(|worker| {
            let (side, tenant) = (side.clone(), self.tenant.clone());
            async move {
                for call in 0..FINDS {
                    let id = id(((worker * 31 + call * 7) % STORED) as u64);
                    side.find(&tenant, &id).await;
                }
            }
        });
        self.rate(workers * FINDS, work.collect())
    }

    /// Calls a second, with all workers at work at the same time.
    fn rate<F>(&self, calls: usize, work: Vec<F>) -> f64
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.runtime.block_on(async {
            let start = Instant::now();
            let workers: Vec<_> = work.into_iter().map(tokio::spawn).collect();
            for worker in workers {
                worker.await.unwrap();
            }
            let calls = u32::try_from(calls).unwrap();
            f64::from(calls) / start.elapsed().as_secs_f64()
        })
    }
}

impl Side {
    async fn insert(&self, client: Arc<Client>) {
        let is_inserted = match self {
            Self::Ours(store) => {
                let outcome = store.insert(Insertion::new(client)).await.unwrap();
                matches!(outcome, InsertOutcome::Inserted { .. })
            }
            Self::Baseline(baseline) => baseline.insert(&client).await,
        };
        assert!(is_inserted);
    }

    async fn find(&self, tenant: &TenantId, id: &ClientId) {
        let found = match self {
            Self::Ours(store) => {
                let found = store.find(tenant, id).await.unwrap();
                found.map(|row| row.readable().unwrap())
            }
            Self::Baseline(baseline) => baseline.find(tenant.as_str(), id.as_str()).await,
        };
        assert_eq!(found.unwrap().id(), id);
    }
}

/// As the store's own: ten connections, which are tested only after they have been idle.
fn pool(url: &str) -> PgPool {
    let options: PgConnectOptions = url.parse().unwrap();
    let pool = PgPoolOptions::new().test_before_acquire(false);
    let pool = pool.before_acquire(|connection, metadata| {
        Box::pin(async move {
            if metadata.idle_for > Duration::from_millis(20) {
                connection.ping().await?;
            }
            Ok(true)
        })
    });
    pool.connect_lazy_with(options)
}
