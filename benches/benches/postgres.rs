//! The store in PostgreSQL against statements by hand, one for each client, over a pool of the same size and with
//! the same settings.
//!
//! It starts a private PostgreSQL, which waits for the disk at each commit. Both sides write to the same table
//! alternately, so that other work of the machine and its disk affects both. A missed threshold is reported, and
//! is no error.

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

/// Clients that each worker inserts in a slice.
const INSERTS: usize = 20;

/// The least number of workers that counts for the length of a slice: a single worker inserts as many clients as
/// this many workers. Its slice would be too short otherwise.
const FEW: usize = 8;

/// Clients that each worker looks up in a slice.
const FINDS: usize = 100;

/// Clients that are stored before the bench, to be looked up.
const STORED: usize = 1000;

/// The lowest ratio of the rates that passes.
const THRESHOLD: f64 = 0.9;

/// The same for inserting a client of a tenant without a limit.
const INSERT_THRESHOLD: f64 = 0.95;

/// The same for 32 inserts at once, where each insert of the baseline waits for the count of the tenant.
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

/// Calls a second of the baseline and of ours, and the ratio ours / baseline.
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

/// Measures two sides, which return their calls a second.
fn measure(rounds: usize, baseline: impl Fn() -> f64, ours: impl Fn() -> f64) -> Measured {
    let (mut baselines, mut our_rates, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    // The first calls open connections, prepare statements and fill caches. They do not count.
    baseline();
    ours();
    for _ in 0..rounds {
        let (mut baseline_time, mut our_time) = (0.0, 0.0);
        for slice in 0..SLICES {
            // The slices alternate: A B, B A, A B and so on.
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
            // A slow call is measured, so it must not time out.
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

    /// Calls a second of all workers together.
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

/// A pool with the same settings as the store's: ten connections, which are tested only after they were idle.
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
