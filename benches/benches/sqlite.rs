//! The store in SQLite against sqlx alone. The baseline does the same insert into the same schema, and commits
//! either each insert or 32 inserts in one statement.
//!
//! Both sides write alternately, to separate files in one folder. The folder for temporary files (`TMPDIR`)
//! decides which disk is measured. A missed threshold is reported, and is no error.

use std::{
    error::Error,
    io::{self, Write as _},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use oauth_dcr::{
    Client,
    sqlite::SqliteStore,
    store::{ClientStore as _, InsertOutcome, Insertion},
};
use oauth_dcr_benches::{
    clients::Clients,
    spread::{Spread, rounds, verdict},
};
use sqlx::{
    ConnectOptions as _, QueryBuilder, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tempfile::TempDir;
use tokio::{sync::Mutex, task::JoinSet};

/// Registrations of each concurrent task in a slice.
const EACH: usize = 40;

/// Slices of each side in a round.
const SLICES: u32 = 6;

/// Rows of a transaction of [`Side::Batches`].
const BATCH: usize = 32;

#[derive(Clone)]
enum Side {
    Ours(SqliteStore),
    /// Each insert is a transaction.
    Single(Arc<Mutex<SqliteConnection>>),
    /// Each statement inserts many clients, and no caller waits for an answer.
    Batches(Arc<Mutex<SqliteConnection>>),
}

/// Makes a baseline from a connection.
type Baseline = fn(Arc<Mutex<SqliteConnection>>) -> Side;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let rounds = rounds(10);
    say(&format!(
        "{rounds} rounds; registrations a second, ours / baseline: min median max"
    ))?;
    let comparisons: [(_, _, Baseline, _); 3] = [
        (" 1 at a time", 1, Side::Single, 0.9),
        ("32 at a time", 32, Side::Single, 8.0),
        ("32 at a time / bare batches", 32, Side::Batches, 0.5),
    ];
    for (name, concurrent, baseline, threshold) in comparisons {
        let mut ratios = Vec::new();
        for _ in 0..rounds {
            ratios.push(round(concurrent, baseline).await?);
        }
        let ratio = Spread::of(ratios);
        let verdict = verdict(ratio.median >= threshold);
        say(&format!("{name:<27} {ratio:.2}   >= {threshold} {verdict}"))?;
    }
    Ok(())
}

fn say(line: &str) -> Result<(), Box<dyn Error>> {
    Ok(writeln!(io::stdout(), "{line}")?)
}

/// The ratio ours / baseline of the rates in one round.
async fn round(concurrent: usize, baseline: Baseline) -> Result<f64, Box<dyn Error>> {
    let dir = TempDir::new()?;
    let ours = Side::Ours(SqliteStore::open(dir.path().join("ours")).await?);
    let baseline = baseline(connect(&dir.path().join("baseline")).await?);
    let mut clients = Clients::default();
    let (mut our_time, mut baseline_time) = (Duration::ZERO, Duration::ZERO);
    // The first slice is a warm-up, and does not count.
    for slice in 0..=SLICES {
        let (first, second) = if slice % 2 == 0 {
            (&baseline, &ours)
        } else {
            (&ours, &baseline)
        };
        for side in [first, second] {
            let lots = (0..concurrent).map(|_| clients.next(EACH)).collect();
            let time = timed(side, lots).await;
            match side {
                _ if slice == 0 => {}
                Side::Ours(_) => our_time += time,
                Side::Single(_) | Side::Batches(_) => baseline_time += time,
            }
        }
    }
    Ok(baseline_time.div_duration_f64(our_time))
}

/// The time in which `side` inserts all clients: all lots at once and the clients of a lot one after the other,
/// or in batches.
async fn timed(side: &Side, lots: Vec<Vec<Arc<Client>>>) -> Duration {
    let start = Instant::now();
    if let Side::Batches(_) = side {
        for batch in lots.concat().chunks(BATCH) {
            side.insert(batch).await;
        }
        return start.elapsed();
    }
    let mut tasks = JoinSet::new();
    for lot in lots {
        let side = side.clone();
        tasks.spawn(async move {
            for client in lot {
                side.insert(&[client]).await;
            }
        });
    }
    tasks.join_all().await;
    start.elapsed()
}

/// A connection to a file with the store's schema. It has the same settings as the store's own connections.
async fn connect(path: &Path) -> Result<Arc<Mutex<SqliteConnection>>, Box<dyn Error>> {
    drop(SqliteStore::open(path).await?);
    let connection = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .disable_statement_logging()
        .connect()
        .await?;
    Ok(Arc::new(Mutex::new(connection)))
}

impl Side {
    async fn insert(&self, clients: &[Arc<Client>]) {
        match self {
            Self::Ours(store) => {
                for client in clients {
                    let outcome = store.insert(Insertion::new(Arc::clone(client))).await;
                    let inserted = InsertOutcome::Inserted { removed: vec![] };
                    assert_eq!(outcome.expect("a store that works"), inserted);
                }
            }
            Self::Single(connection) | Self::Batches(connection) => {
                insert_rows(&mut *connection.lock().await, clients).await;
            }
        }
    }
}

/// Inserts all clients with one statement, which is one transaction.
async fn insert_rows(connection: &mut SqliteConnection, clients: &[Arc<Client>]) {
    let mut sql = QueryBuilder::new(
        "INSERT INTO oauth_dcr_clients \
         (tenant, client_id, record, revision, blocked, is_used, idle_since) ",
    );
    sql.push_values(clients, |mut values, client| {
        let issued_at = i64::try_from(client.issued_at().unix_millis());
        values
            .push_bind(client.tenant().as_str())
            .push_bind(client.id().as_str())
            .push_bind(serde_json::to_string(&**client).expect("a record"))
            .push("0, 0, 0")
            .push_bind(issued_at.expect("a moment of our time"));
    });
    let inserted = sql.build().execute(connection).await;
    inserted.expect("a database that works");
}
