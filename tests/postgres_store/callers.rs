//! Callers that disappear, and groups that end in a panic.

use std::{
    collections::BTreeSet,
    error::Error,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use oauth_dcr::{
    Registrar, TenantSettings,
    acl::Signals,
    events::{Event, EventSink},
    postgres::PostgresStore,
    store::{ClientStore as _, InsertOutcome, Insertion},
    tenants::TenantSelector,
};
use serde_json::json;
use sqlx::{PgPool, postgres::PgPoolOptions};

use crate::{
    fixture::{Fixture, LONG_TIMEOUT, database, deduplicated, is_inserted, limited, plain},
    random::Random,
};

/// One insertion of each kind, one after another.
fn insertion(number: usize) -> Insertion {
    let id = format!("id{number}");
    match number % 3 {
        0 => plain("plain", &id),
        1 => limited("limited", &id, 100_000),
        _ => deduplicated("deduplicated", &id, u8::try_from(number % 256).unwrap()),
    }
}

/// The ids of all clients.
async fn stored(pool: &PgPool) -> BTreeSet<String> {
    let ids = sqlx::query_scalar("SELECT client_id FROM oauth_dcr_clients");
    ids.fetch_all(pool).await.unwrap().into_iter().collect()
}

/// A pool of the host with a hook that panics at each fifth use while `panics` is set.
async fn panicking_pool(url: &str, panics: Arc<AtomicBool>) -> PgPool {
    let uses = Arc::new(AtomicUsize::new(0));
    let pool = PgPoolOptions::new().before_acquire(move |_, _| {
        let (uses, panics) = (Arc::clone(&uses), Arc::clone(&panics));
        Box::pin(async move {
            let is_fifth = uses.fetch_add(1, Relaxed) % 5 == 4;
            assert!(!is_fifth || !panics.load(Relaxed), "the host's hook fails");
            Ok(true)
        })
    });
    pool.connect(url).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_loses_no_acknowledged_client() {
    let url = database();
    PostgresStore::connect(&url).await.unwrap();
    let panics = Arc::new(AtomicBool::new(true));
    let pool = panicking_pool(&url, Arc::clone(&panics)).await;
    let store = PostgresStore::with_pool(pool).with_timeout(LONG_TIMEOUT);
    let callers = (0..32).map(|caller| {
        let store = store.clone();
        tokio::spawn(async move {
            let (mut acknowledged, mut failed) = (Vec::new(), 0);
            for round in 0..30 {
                let number = caller * 30 + round;
                match store.insert(insertion(number)).await {
                    Ok(outcome) if is_inserted(&outcome) => acknowledged.push(number),
                    Ok(outcome) => assert!(matches!(outcome, InsertOutcome::Duplicate(_))),
                    Err(error) => {
                        assert!(error_chain(&error).contains("panicked"), "{error:?}");
                        failed += 1;
                    }
                }
            }
            (acknowledged, failed)
        })
    });
    let (mut acknowledged, mut failed) = (BTreeSet::new(), 0);
    for caller in callers.collect::<Vec<_>>() {
        let (more, failures) = caller.await.unwrap();
        acknowledged.extend(more.iter().map(|number| format!("id{number}")));
        failed += failures;
    }
    assert!(failed > 0 && !acknowledged.is_empty(), "{failed} failed");
    let past = PgPool::connect(&url).await.unwrap();
    let lost: Vec<_> = acknowledged
        .difference(&stored(&past).await)
        .cloned()
        .collect();
    assert_eq!(lost, [""; 0]);
    panics.store(false, Relaxed);
    for insertion in [plain("plain", "last"), limited("limited", "last", 100_000)] {
        assert!(is_inserted(&store.insert(insertion).await.unwrap()));
    }
}

/// Records the outcome of each registration, and why it failed.
#[derive(Clone, Default)]
struct Outcomes(Arc<Mutex<Vec<(&'static str, String)>>>);

impl EventSink for Outcomes {
    fn record(&self, event: &Event<'_>) {
        let why = match event {
            Event::Refused { error, .. } => error_chain(error),
            _ => String::new(),
        };
        let outcome = event.outcome().unwrap();
        self.0.lock().unwrap().push((outcome, why));
    }
}

fn error_chain(error: &dyn Error) -> String {
    let mut chain = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        chain = format!("{chain}: {error}");
        cause = error.source();
    }
    chain
}

#[tokio::test(flavor = "multi_thread")]
async fn registrations_failed_by_a_panic_have_events() {
    let url = database();
    PostgresStore::connect(&url).await.unwrap();
    let panics = Arc::new(AtomicBool::new(true));
    let pool = panicking_pool(&url, panics).await;
    let store = PostgresStore::with_pool(pool).with_timeout(LONG_TIMEOUT);
    let mut settings = TenantSettings::new().enabled();
    settings.registration.rate_limit = None;
    let outcomes = Outcomes::default();
    let registrar = Registrar::builder(store)
        .tenant(settings)
        .events(outcomes.clone())
        .build()
        .unwrap();
    let mut expected = Vec::new();
    for number in 0..20 {
        let metadata = json!({
            "client_name": format!("Client {number}"),
            "redirect_uris": ["https://app.example.com/callback"],
        });
        let selector = TenantSelector::Host(None);
        let admission = registrar.admit(selector, Signals::new()).await.unwrap();
        let registered = admission
            .register_json(metadata.to_string().as_bytes())
            .await;
        expected.push(match registered {
            Ok(_) => ("registered", String::new()),
            Err(error) => ("failed", error_chain(&error)),
        });
    }
    let failures = expected.iter().filter(|(outcome, _)| *outcome == "failed");
    let mut count = 0;
    for (_, why) in failures {
        assert!(why.contains("the task that writes panicked"), "{why}");
        count += 1;
    }
    assert!((1..20).contains(&count), "{count} failed");
    assert_eq!(*outcomes.0.lock().unwrap(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_stored_by_abandoned_calls_are_reported() {
    let fixture = Fixture::new().await;
    let reported = Arc::new(Mutex::new(BTreeSet::new()));
    let mut random = Random(1);
    // Connections and tenants exist before the first callers.
    for number in 0..6 {
        let first = insertion(number + number / 3);
        fixture.node(number).insert(first).await.unwrap();
        reported
            .lock()
            .unwrap()
            .insert(format!("id{}", number + number / 3));
    }
    for round in 1..20 {
        let calls: Vec<_> = (0..30)
            .map(|call| {
                let number = round * 30 + call;
                let reported = Arc::clone(&reported);
                let insertion = insertion(number).on_outcome(move |outcome| {
                    if is_inserted(outcome) {
                        reported.lock().unwrap().insert(format!("id{number}"));
                    }
                });
                let node = fixture.node(number);
                tokio::spawn(async move { node.insert(insertion).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_micros(random.below(20_000) as u64)).await;
        calls.iter().for_each(tokio::task::JoinHandle::abort);
    }
    // A group may outlive its callers.
    let mut clients = BTreeSet::new();
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let before = std::mem::replace(&mut clients, stored(&fixture.pool).await);
        if before == clients && *reported.lock().unwrap() == clients {
            break;
        }
    }
    assert_eq!(*reported.lock().unwrap(), clients);
    fixture.assert_counts().await;
}
