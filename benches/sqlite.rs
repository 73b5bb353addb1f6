//! The SQLite store against plain sqlx, which does the same insert into the same schema and commits
//! each by itself.
//!
//! Both sides write to files of their own in one folder, alternately. It reports; it never fails
//! for being slow. Where temporary files are (`TMPDIR`) is the disk that is measured.
#![expect(
    clippy::disallowed_methods,
    reason = "a bench measures time itself, and its baselines are written without ports"
)]

#[path = "support/minted.rs"]
mod minted;
#[path = "support/spread.rs"]
mod spread;
#[path = "../tests/support/temporary.rs"]
mod temporary;
#[path = "../tests/support/wal.rs"]
mod wal;

use std::{
    error::Error,
    io::{self, Write as _},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use minted::Minted;
use oauth_dcr::{
    Client,
    sqlite::SqliteStore,
    store::{ClientStore as _, InsertOutcome, Insertion},
};
use spread::{Spread, rounds, verdict};
use sqlx::{
    ConnectOptions as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use temporary::TemporaryDir;
use tokio::{sync::Mutex, task::JoinSet};

/// Registrations of each concurrent task in a slice.
const EACH: usize = 40;

/// Slices of each side in a round.
const SLICES: u32 = 6;

#[derive(Clone)]
enum Side {
    Ours(SqliteStore),
    Baseline(Arc<Mutex<SqliteConnection>>),
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let rounds = rounds(10);
    say(&format!(
        "{rounds} rounds; registrations a second, ours / baseline: min median max"
    ))?;
    for (concurrent, threshold) in [(1, 0.9), (32, 8.0)] {
        let mut ratios = Vec::new();
        for _ in 0..rounds {
            ratios.push(round(concurrent).await?);
        }
        let ratio = Spread::of(ratios);
        let verdict = verdict(ratio.median >= threshold);
        say(&format!(
            "{concurrent:>2} at a time                {ratio:.2}   >= {threshold} {verdict}"
        ))?;
    }
    let each = registrations_per_commit().await?;
    let verdict = verdict(each >= 16.0);
    say(&format!(
        "registrations in a commit, 32 at a time   {each:.1}   >= 16 {verdict}"
    ))
}

fn say(line: &str) -> Result<(), Box<dyn Error>> {
    Ok(writeln!(io::stdout(), "{line}")?)
}

/// The rate of ours over that of the baseline.
async fn round(concurrent: usize) -> Result<f64, Box<dyn Error>> {
    let dir = TemporaryDir::new();
    let ours = Side::Ours(SqliteStore::open(dir.path().join("ours")).await?);
    let baseline = Side::baseline(&dir.path().join("baseline")).await?;
    let mut minted = Minted::default();
    let (mut our_time, mut baseline_time) = (Duration::ZERO, Duration::ZERO);
    // The first slice does not count.
    for slice in 0..=SLICES {
        let (first, second) = if slice % 2 == 0 {
            (&baseline, &ours)
        } else {
            (&ours, &baseline)
        };
        for side in [first, second] {
            let lots = (0..concurrent).map(|_| minted.clients(EACH)).collect();
            let time = timed(side, lots).await;
            match side {
                _ if slice == 0 => {}
                Side::Ours(_) => our_time += time,
                Side::Baseline(_) => baseline_time += time,
            }
        }
    }
    Ok(baseline_time.div_duration_f64(our_time))
}

/// The time in which `side` inserts the clients of each lot one after the other, and all lots at the
/// same time.
async fn timed(side: &Side, lots: Vec<Vec<Arc<Client>>>) -> Duration {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for lot in lots {
        let side = side.clone();
        tasks.spawn(async move {
            for client in lot {
                side.insert(client).await;
            }
        });
    }
    tasks.join_all().await;
    start.elapsed()
}

async fn registrations_per_commit() -> Result<f64, Box<dyn Error>> {
    let dir = TemporaryDir::new();
    let path = dir.path().join("ours");
    let ours = Side::Ours(SqliteStore::open(&path).await?);
    let before = wal::commits(&path);
    // Few enough that no checkpoint begins the log anew.
    let lots: Vec<_> = {
        let mut minted = Minted::default();
        (0..32).map(|_| minted.clients(10)).collect()
    };
    timed(&ours, lots).await;
    let commits = wal::commits(&path) - before;
    Ok(320.0 / f64::from(u32::try_from(commits)?))
}

impl Side {
    /// A connection to a file with the schema that the store makes.
    async fn baseline(path: &Path) -> Result<Self, Box<dyn Error>> {
        drop(SqliteStore::open(path).await?);
        let connection = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .disable_statement_logging()
            .connect()
            .await?;
        Ok(Self::Baseline(Arc::new(Mutex::new(connection))))
    }

    async fn insert(&self, client: Arc<Client>) {
        match self {
            Self::Ours(store) => {
                let outcome = store.insert(Insertion::new(client)).await;
                let inserted = InsertOutcome::Inserted { removed: vec![] };
                assert_eq!(outcome.expect("a store that works"), inserted);
            }
            Self::Baseline(connection) => {
                let record = serde_json::to_string(&*client).expect("a record");
                let issued_at = i64::try_from(client.issued_at().unix_millis());
                let sql = "INSERT INTO oauth_dcr_clients (tenant, client_id, record, revision,
                           blocked, is_used, idle_since) VALUES (?, ?, ?, 0, 0, 0, ?)";
                sqlx::query(sql)
                    .bind(client.tenant().as_str())
                    .bind(client.id().as_str())
                    .bind(record)
                    .bind(issued_at.expect("a moment of our time"))
                    .execute(&mut *connection.lock().await)
                    .await
                    .expect("a database that works");
            }
        }
    }
}
