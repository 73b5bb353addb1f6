//! Clients that hang up while they are registered: each stored client has its event.

use std::{
    collections::BTreeSet,
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use oauth_dcr::{
    MemoryStore, Registrar, TenantId,
    events::{AuditFact, AuditTrail},
    postgres::PostgresStore,
    settings::SettingsDocument,
    sqlite::SqliteStore,
    store::ClientStore,
    system::{OsRandom, SecureRandom as _},
    tower::RegistrationService,
};
use private_servers::PrivatePostgres;
use serde_json::json;
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::sleep,
};

use crate::{number, temporary::TemporaryDir};

/// How many clients hang up at the same time.
const AT_ONCE: u32 = 40;

/// The tenant's limit, so that most registrations evict a client.
const MAX_CLIENTS: usize = 50;

/// How often, and at which interval, a store is checked that may still be working.
const LOOKS: u32 = 1_000;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// What the audit trail records.
#[derive(Default)]
struct Trail {
    registered: BTreeSet<String>,
    evicted: BTreeSet<String>,
    /// Events that may not be in the trail: a panic in a sink would be lost.
    wrong: Vec<String>,
}

impl Trail {
    fn record(&mut self, fact: AuditFact) {
        match fact {
            AuditFact::ClientRegistered { client_id, .. } => {
                if !self.registered.insert(client_id.to_string()) {
                    self.wrong.push(format!("{client_id} is registered twice"));
                }
            }
            AuditFact::ClientEvicted { client_id, .. } => {
                if !self.evicted.insert(client_id.to_string()) {
                    self.wrong.push(format!("{client_id} is evicted twice"));
                }
            }
            // A request that was cut off before it was complete.
            AuditFact::RegistrationRefused { .. } => {}
            other => self.wrong.push(format!("{other:?}")),
        }
    }

    /// The clients that have to be in the table.
    fn clients(&self) -> BTreeSet<String> {
        self.registered.difference(&self.evicted).cloned().collect()
    }
}

fn settings() -> SettingsDocument {
    let registration = json!({ "enabled": true, "rate_limit": null, "max_clients": MAX_CLIENTS });
    let document = json!({ "tenants": [{ "id": "t1", "registration": registration }] });
    SettingsDocument::from_json(&document.to_string()).unwrap()
}

/// Serves registrations on a free loopback port for as long as the test runs.
async fn serve(store: impl ClientStore, trail: &Arc<Mutex<Trail>>) -> String {
    let trail = Arc::clone(trail);
    let events = AuditTrail::new(move |event| trail.lock().unwrap().record(event.fact));
    let registrar = Registrar::builder(store)
        .tenants(oauth_dcr::Tenants::new(settings()))
        .events(events)
        .build()
        .unwrap();
    let registration = RegistrationService::new(registrar);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let registration = registration.clone();
            let service = service_fn(move |request: hyper::Request<Incoming>| {
                let registration = registration.clone();
                async move { Ok::<_, Infallible>(registration.answer(request).await) }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

/// Sends a whole registration, and hangs up without reading at a random moment within `window`.
async fn register_and_hang_up(address: &str, window: Duration) {
    let body = json!({
        "redirect_uris": ["https://app.example.com/callback"],
        "token_endpoint_auth_method": "none",
    })
    .to_string();
    let request = format!(
        "POST /oidc/register HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut byte = [0];
    OsRandom.fill(&mut byte).unwrap();
    sleep(window.mul_f64(f64::from(byte[0]) / 255.0)).await;
}

/// `window` is longer than an insertion takes, so that some clients hang up before the insertion,
/// some during it and some afterwards.
async fn hang_up<S: ClientStore>(what: &str, store: Arc<S>, window: Duration) {
    let trail = Arc::new(Mutex::new(Trail::default()));
    let address = serve(Arc::clone(&store), &trail).await;
    let rounds = number("OAUTH_DCR_HANG_UP_ROUNDS", 10);
    for _ in 0..rounds {
        let mut clients = JoinSet::new();
        for _ in 0..AT_ONCE {
            let address = address.clone();
            clients.spawn(async move { register_and_hang_up(&address, window).await });
        }
        while let Some(client) = clients.join_next().await {
            client.unwrap();
        }
    }
    let tenant = TenantId::parse("t1").unwrap();
    let mut stored = BTreeSet::new();
    for _ in 0..LOOKS {
        let rows = store.list(&tenant, None, 1_000).await.unwrap();
        stored = rows.iter().map(|row| row.id().to_string()).collect();
        if stored == trail.lock().unwrap().clients() {
            break;
        }
        sleep(BETWEEN_LOOKS).await;
    }
    let trail = trail.lock().unwrap();
    assert_eq!(trail.wrong, [""; 0]);
    assert_eq!(stored, trail.clients(), "the table is what the trail says");
    let (registered, evicted) = (trail.registered.len(), trail.evicted.len());
    println!(
        "{what}: {} hung up, {registered} clients registered, {evicted} evicted, each with its event",
        rounds * AT_ONCE
    );
    assert!(
        registered > MAX_CLIENTS,
        "most are stored in spite of the hang-up"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_hang_up_have_events_in_memory() {
    let window = Duration::from_millis(2);
    hang_up("memory", Arc::new(MemoryStore::new()), window).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_hang_up_have_events_in_sqlite() {
    let dir = TemporaryDir::new();
    let store = SqliteStore::open(dir.path().join("clients")).await.unwrap();
    hang_up("SQLite", Arc::new(store), Duration::from_millis(40)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_hang_up_have_events_in_postgresql() {
    let postgres = PrivatePostgres::start();
    let store = PostgresStore::connect(&postgres.create_database()).await;
    let window = Duration::from_millis(150);
    hang_up("PostgreSQL", Arc::new(store.unwrap()), window).await;
}
