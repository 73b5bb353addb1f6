//! The store in PostgreSQL against hand-written statements, one client each, over a pool of the same
//! size and settings.
//!
//! It starts a PostgreSQL of its own, which waits for the disk at each commit. Both sides write to
//! the same table, in short turns, so that what else the machine and its disk do falls on both. It
//! reports; it never fails for being slow.
#![expect(clippy::disallowed_methods, reason = "a bench measures time itself")]

#[path = "baseline/postgres.rs"]
mod floor;
#[path = "../tests/support/free_port.rs"]
mod free_port;
#[path = "../tests/support/private_home.rs"]
mod private_home;
#[path = "../tests/support/private_postgres.rs"]
mod private_postgres;
#[path = "support/spread.rs"]
mod spread;

use std::{
    cell::Cell,
    io::{self, Write as _},
    sync::Arc,
    time::{Duration, Instant},
};

use floor::Floor;
use oauth_dcr::{
    Client, ClientId, TenantId,
    postgres::PostgresStore,
    store::{ClientStore as _, InsertOutcome, Insertion},
};
use private_postgres::PrivatePostgres;
use serde_json::Value;
use spread::{Spread, rounds, verdict};
use sqlx::{
    Connection as _, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::runtime::Runtime;

const RECORD: &str = include_str!("fixtures/client.json");

/// Turns of each side in a round.
const TURNS: u32 = 4;

/// Clients that each worker registers in a turn.
const INSERTS: usize = 20;

/// Clients that each worker looks up in a turn.
const FINDS: usize = 100;

/// Clients that are there to be found.
const STORED: usize = 1000;

/// A tenth more waiting is what a store may cost.
const BAR: f64 = 0.9;

/// What committing together has to be worth where 32 wait.
const GROUPED_BAR: f64 = 3.0;

#[derive(Clone)]
enum Side {
    Ours(PostgresStore),
    Floor(Floor),
}

struct Bench {
    runtime: Runtime,
    ours: Side,
    floor: Side,
    counting_floor: Side,
    tenant: TenantId,
    template: Value,
    clients: Cell<usize>,
}

fn main() -> io::Result<()> {
    let server = PrivatePostgres::start();
    let bench = Bench::new(&server);
    let rounds = rounds(20);
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{rounds} rounds; calls/s and ours / floor: min median max"
    )?;
    for (floor, name) in [
        (&bench.floor, "insert"),
        (&bench.counting_floor, "insert and count"),
    ] {
        for (workers, bar) in [(1, BAR), (8, BAR), (32, GROUPED_BAR)] {
            let insert = |side: &Side| bench.insert(side, workers);
            let measured = measure(rounds, || insert(floor), || insert(&bench.ours));
            let name = format!("{name}, {workers} at once");
            report(&mut out, &name, &measured, bar)?;
        }
    }
    for workers in [1, 32] {
        let find = |side: &Side| bench.find(side, workers);
        let measured = measure(rounds, || find(&bench.floor), || find(&bench.ours));
        report(
            &mut out,
            &format!("find, {workers} at once"),
            &measured,
            BAR,
        )?;
    }
    Ok(())
}

/// Calls a second of the floor and of ours, and ours in floors.
struct Measured {
    floor: Spread,
    ours: Spread,
    ratio: Spread,
}

fn report(out: &mut impl io::Write, name: &str, measured: &Measured, bar: f64) -> io::Result<()> {
    let Measured { floor, ours, ratio } = measured;
    let verdict = verdict(ratio.median >= bar);
    writeln!(out, "{name:<24} {ratio:.3}   >= {bar} {verdict}")?;
    writeln!(out, "    floor                {floor:.0}")?;
    writeln!(out, "    ours                 {ours:.0}")
}

/// Each side gives its calls a second.
fn measure(rounds: usize, floor: impl Fn() -> f64, ours: impl Fn() -> f64) -> Measured {
    let (mut floors, mut our_rates, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    // Connections, statements and caches are there for both before either counts.
    floor();
    ours();
    for _ in 0..rounds {
        let (mut floor_time, mut our_time) = (0.0, 0.0);
        for turn in 0..TURNS {
            // In turns: A B, B A, A B and so on.
            if turn % 2 == 0 {
                floor_time += 1.0 / floor();
                our_time += 1.0 / ours();
            } else {
                our_time += 1.0 / ours();
                floor_time += 1.0 / floor();
            }
        }
        floors.push(f64::from(TURNS) / floor_time);
        our_rates.push(f64::from(TURNS) / our_time);
        ratios.push(floor_time / our_time);
    }
    Measured {
        floor: Spread::of(floors),
        ours: Spread::of(our_rates),
        ratio: Spread::of(ratios),
    }
}

impl Bench {
    fn new(server: &PrivatePostgres) -> Self {
        let runtime = Runtime::new().unwrap();
        let url = server.url();
        let template: Value = serde_json::from_str(RECORD).unwrap();
        let tenant = TenantId::parse(template["tenant"].as_str().unwrap()).unwrap();
        let ours = runtime.block_on(PostgresStore::connect(&url)).unwrap();
        let _context = runtime.enter();
        let floor = |counts| {
            let pool = pool(&url);
            Side::Floor(Floor { pool, counts })
        };
        let bench = Self {
            // Time is what is measured, so it is not bounded.
            ours: Side::Ours(ours.with_timeout(Duration::from_mins(1))),
            floor: floor(false),
            counting_floor: floor(true),
            tenant,
            template,
            clients: Cell::new(0),
            runtime,
        };
        bench.insert_all(&bench.ours, &bench.new_clients(STORED), 32);
        bench
    }

    /// Clients that nobody has stored.
    fn new_clients(&self, number: usize) -> Vec<Arc<Client>> {
        let first = self.clients.get();
        self.clients.set(first + number);
        let client = |number| {
            let mut record = self.template.clone();
            record["client_id"] = name(number).into();
            Arc::new(serde_json::from_value(record).unwrap())
        };
        (first..first + number).map(client).collect()
    }

    fn insert(&self, side: &Side, workers: usize) -> f64 {
        self.insert_all(side, &self.new_clients(workers * INSERTS), workers)
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
                    let id = ClientId::parse(&name((worker * 31 + call * 7) % STORED)).unwrap();
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
            Self::Floor(floor) => floor.insert(&client).await,
        };
        assert!(is_inserted);
    }

    async fn find(&self, tenant: &TenantId, id: &ClientId) {
        let found = match self {
            Self::Ours(store) => {
                let found = store.find(tenant, id).await.unwrap();
                found.map(|row| row.readable().unwrap())
            }
            Self::Floor(floor) => floor.find(tenant.as_str(), id.as_str()).await,
        };
        assert_eq!(found.unwrap().id(), id);
    }
}

fn name(number: usize) -> String {
    format!("tpc_{number:032}")
}

/// As the store's own: ten connections, which are tested only after they have been idle.
fn pool(url: &str) -> PgPool {
    let options: PgConnectOptions = url.parse().unwrap();
    let pool = PgPoolOptions::new().test_before_acquire(false);
    let pool = pool.before_acquire(|connection, metadata| {
        Box::pin(async move {
            if metadata.idle_for > Duration::from_millis(100) {
                connection.ping().await?;
            }
            Ok(true)
        })
    });
    pool.connect_lazy_with(options)
}
