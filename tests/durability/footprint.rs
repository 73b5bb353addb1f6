//! How much memory the server takes.

use std::{fs, sync::Arc, time::Duration};

use oauth_dcr::{
    Client,
    sqlite::SqliteStore,
    store::{ClientStore as _, InsertOutcome, Insertion},
};
use serde_json::json;
use tokio::{task::JoinSet, time::Instant};

use crate::{
    database::Database,
    example_server::ExampleServer,
    minted::Minted,
    number,
    requests::{metadata, register, tenant, token},
    temporary::TemporaryDir,
    wire::Connection,
};

/// The server's highest allowed memory peak, in KiB.
const MOST: u64 = 64 * 1024;

/// How many clients one batch stores at once.
const BATCH: usize = 1000;

/// The tenant of minted clients.
const TENANT: &str = "default";

const CONNECTIONS: usize = 32;

/// How often each connection registers a client and looks up several stored clients.
const ROUNDS: usize = 100;

#[tokio::test(flavor = "multi_thread")]
async fn many_sqlite_clients_take_no_memory() {
    let dir = TemporaryDir::new();
    let database = Database::Sqlite(dir.path().join("clients"));
    let count = number("OAUTH_DCR_RSS_CLIENTS", 20_000);
    let count = usize::try_from(count).unwrap();
    let start = Instant::now();
    let some = fill(&dir, count).await;
    let filled = start.elapsed();

    let open = json!({ "tenants": [tenant(TENANT, json!({ "rate_limit": null, "max_clients": 10_000_000 }))] });
    let server = ExampleServer::start_with(Some(&open), &["--store", &database.option()]);
    let at_start = memory(&server, "VmRSS");
    let start = Instant::now();
    use_clients(&server, &some).await;
    let used = start.elapsed();
    let (now, most) = (memory(&server, "VmRSS"), memory(&server, "VmHWM"));
    let requests = CONNECTIONS * ROUNDS;
    println!(
        "{count} clients, stored in {filled:?}: {at_start} KiB at the start, {now} KiB after \
         {requests} registrations and {} look-ups in {used:?}, {most} KiB at the most",
        4 * requests,
    );
    assert_eq!(database.assert_whole().await, count + requests);
    assert!(most < MOST, "{most} KiB");
}

/// Stores `count` clients, and returns the ids of some.
async fn fill(dir: &TemporaryDir, count: usize) -> Vec<String> {
    // Long enough for the slowest disk.
    let timeout = Duration::from_mins(1);
    let path = dir.path().join("clients");
    let store = SqliteStore::open_with_timeout(path, timeout).await.unwrap();
    let mut minted = Minted::default();
    let mut some = Vec::new();
    let mut left = count;
    while left > 0 {
        let batch = minted.clients(left.min(BATCH));
        left -= batch.len();
        let ids = batch.iter().map(|it: &Arc<Client>| it.id().to_string());
        some.extend(ids.step_by(10));
        let mut tasks = JoinSet::new();
        for client in batch {
            let store = store.clone();
            tasks.spawn(async move {
                let outcome = store.insert(Insertion::new(client)).await.unwrap();
                assert_eq!(outcome, InsertOutcome::Inserted { removed: vec![] });
            });
        }
        tasks.join_all().await;
    }
    some
}

/// Registers clients, and looks up the clients with these ids, which are spread over the whole
/// file.
async fn use_clients(server: &ExampleServer, ids: &[String]) {
    let ids: Arc<[String]> = ids.into();
    let mut tasks = JoinSet::new();
    for number in 0..CONNECTIONS {
        let mut connection = Connection::open(&server.base).await.unwrap();
        let ids = Arc::clone(&ids);
        tasks.spawn(async move {
            for round in 0..ROUNDS {
                let number = round * CONNECTIONS + number;
                let request = register(TENANT, &metadata(number));
                let answer = connection.send(request).await.unwrap();
                assert_eq!(answer.status, 201, "{answer:?}");
                for step in 0..4 {
                    let id = &ids[(number * 4 + step) % ids.len()];
                    let answer = connection.send(token(TENANT, id, None)).await.unwrap();
                    assert_eq!(answer.refusal(), (400, "invalid_grant".to_owned()));
                }
            }
        });
    }
    tasks.join_all().await;
}

/// A line of the system's report on the server's memory, in KiB.
fn memory(server: &ExampleServer, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let mut lines = status.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kib = value.and_then(|it| it.trim().strip_suffix(" kB"));
    kib.expect("a number of KiB").parse().unwrap()
}
