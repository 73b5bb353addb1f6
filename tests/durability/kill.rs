//! Acknowledged registrations survive every kill.

use std::{
    sync::{Arc, atomic::AtomicUsize},
    time::{Duration, Instant},
};

use oauth_dcr::system::{OsRandom, SecureRandom as _};
use private_servers::PrivatePostgres;
use tokio::time::sleep;

use crate::{
    database::Database,
    example_server::ExampleServer,
    ledger::{Acknowledged, assert_are_stored, assert_work},
    load::{CONNECTIONS, Load, settings},
    number,
    temporary::TemporaryDir,
};

/// The average number of registrations in a round before the kill.
const EACH: usize = 300;

/// A kill follows an acknowledgement within this many microseconds, which is longer than a commit
/// takes.
const JITTER: usize = 20_000;

/// After this many rounds, everything that was ever acknowledged is checked. After every round, the
/// clients of the round are checked.
const LOOKED_AT: u32 = 10;

/// Calls have to succeed this soon after the database is back.
const FOUND: Duration = Duration::from_secs(2);

fn start(database: &Database) -> ExampleServer {
    ExampleServer::start_with(Some(&settings()), &["--store", &database.option()])
}

/// A number from 1 to `most`.
fn random(most: usize) -> usize {
    let mut bytes = [0; 8];
    OsRandom.fill(&mut bytes).unwrap();
    usize::from_ne_bytes(bytes) % most + 1
}

/// Waits for a random moment of the round.
async fn random_moment(load: &Load) {
    load.acknowledged(random(2 * EACH)).await;
    sleep(Duration::from_micros(random(JITTER).try_into().unwrap())).await;
}

/// Kills the server during registrations and checks that the next server has them, repeatedly. In each round, at most
/// `max_refused` registrations are refused.
async fn kill_the_server(what: &str, database: &Database, rounds: u32, max_refused: usize) {
    let next = Arc::new(AtomicUsize::new(0));
    let mut ledger: Vec<Acknowledged> = Vec::new();
    let mut server = start(database);
    for round in 1..=rounds {
        let load = Load::on(&server.base, &next);
        random_moment(&load).await;
        server.kill();
        let (acknowledged, refused) = load.end().await;
        assert!(refused <= max_refused, "round {round}: {refused} refused");
        server = start(database);
        assert_work(&server.base, &acknowledged).await;
        ledger.extend(acknowledged);
        if round % LOOKED_AT == 0 || round == rounds {
            assert_are_stored(&ledger, database).await;
        }
    }
    let stored = database.assert_whole().await;
    println!(
        "{what}: {rounds} rounds, {} registrations acknowledged, none lost; {stored} clients stored",
        ledger.len(),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_loses_nothing_in_sqlite() {
    let dir = TemporaryDir::new();
    let database = Database::Sqlite(dir.path().join("clients"));
    let rounds = number("OAUTH_DCR_KILL_ROUNDS", 4);
    kill_the_server("SQLite", &database, rounds, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_loses_nothing_in_postgresql() {
    let postgres = PrivatePostgres::start();
    let database = Database::Postgres(postgres.create_database());
    let rounds = number("OAUTH_DCR_KILL_ROUNDS", 3);
    // On a loaded machine, each connection may be refused once while the server logs in to the database.
    kill_the_server("PostgreSQL", &database, rounds, CONNECTIONS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_postgresql_loses_nothing() {
    let mut postgres = PrivatePostgres::start();
    let database = Database::Postgres(postgres.create_database());
    let rounds = number("OAUTH_DCR_KILL_ROUNDS", 2);
    let next = Arc::new(AtomicUsize::new(0));
    let server = start(&database);
    let mut ledger = Vec::new();
    let (mut refusals, mut slowest) = (0, Duration::ZERO);
    for round in 1..=rounds {
        let mut load = Load::on(&server.base, &next);
        random_moment(&load).await;
        postgres.kill();
        postgres.restart();
        let is_back = Instant::now();
        let first = load.first_after(is_back).await;
        slowest = slowest.max(first.saturating_duration_since(is_back));
        // More registrations, so that the pool notices the state of all its connections.
        load.acknowledged(load.count() + EACH / 4).await;
        assert_eq!(load.connections(), CONNECTIONS, "round {round}");
        let (acknowledged, refused) = load.end().await;
        refusals += refused;
        assert_work(&server.base, &acknowledged).await;
        ledger.extend(acknowledged);
        if round % LOOKED_AT == 0 || round == rounds {
            assert_are_stored(&ledger, &database).await;
        }
    }
    println!(
        "PostgreSQL killed: {rounds} rounds, {} registrations acknowledged, none lost; {refusals} \
         refused; first success at most {slowest:?} after the return",
        ledger.len(),
    );
    assert!(slowest < FOUND, "first success after {slowest:?}");
}
