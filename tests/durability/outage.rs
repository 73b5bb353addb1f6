//! The answers while PostgreSQL or Redis is gone, and after it is back.

use std::{
    collections::VecDeque,
    io, iter,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use http::Request;
use private_servers::{PrivatePostgres, PrivateRedis};
use serde_json::json;
use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval, sleep},
};

use crate::{
    database::Database,
    example_server::ExampleServer,
    ledger::{Acknowledged, assert_are_stored, assert_work},
    number, requests,
    wire::{Answer, Connection},
};

/// Every request ends within this time.
const NO_HANG: Duration = Duration::from_secs(2);

/// Requests have to succeed this soon after the server is back.
const FOUND: Duration = Duration::from_secs(2);

/// The time limit of every wait.
const LIMIT: Duration = Duration::from_secs(30);

const TENANTS: u32 = 50;
const EACH_A_SECOND: u32 = 4;

/// Of this many requests, one looks up a client and the others register one.
const LOOK_UPS: usize = 10;

fn tenant(number: usize) -> String {
    format!("tenant-{number}")
}

fn pause() -> Duration {
    Duration::from_secs(number("OAUTH_DCR_PAUSE_SECONDS", 2).into())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Registration,
    LookUp,
}

/// A request that has ended.
struct Seen {
    kind: Kind,
    tenant: String,
    start: Instant,
    end: Instant,
    answer: io::Result<Answer>,
}

impl Seen {
    fn status(&self) -> u16 {
        self.answer.as_ref().map_or(0, |answer| answer.status)
    }
}

/// Requests of many tenants at a steady rate, whatever the outcome.
struct Load {
    sent: Arc<Sent>,
    source: JoinHandle<()>,
}

struct Sent {
    base: String,
    /// The client to look up.
    known: Acknowledged,
    idle: Mutex<VecDeque<Connection>>,
    seen: Mutex<Vec<Seen>>,
    under_way: AtomicUsize,
}

impl Load {
    fn on(base: &str, known: &Acknowledged) -> Self {
        let sent = Arc::new(Sent {
            base: base.to_owned(),
            known: known.clone(),
            idle: Mutex::default(),
            seen: Mutex::default(),
            under_way: AtomicUsize::new(0),
        });
        let source = tokio::spawn(Arc::clone(&sent).go_on());
        Self { sent, source }
    }

    /// When the first registration was acknowledged after `moment`.
    async fn first_after(&self, moment: Instant) -> Instant {
        let deadline = Instant::now() + LIMIT;
        loop {
            let is_it = |it: &&Seen| it.status() == 201 && it.end > moment;
            let first = self
                .sent
                .seen
                .lock()
                .unwrap()
                .iter()
                .find(is_it)
                .map(|it| it.end);
            if let Some(first) = first {
                return first;
            }
            assert!(Instant::now() < deadline, "nothing is acknowledged again");
            sleep(Duration::from_millis(2)).await;
        }
    }

    /// All requests that were sent. Panics if one does not end.
    async fn end(self) -> Vec<Seen> {
        self.source.abort();
        let _ = self.source.await;
        let deadline = Instant::now() + LIMIT;
        while self.sent.under_way.load(Ordering::SeqCst) > 0 {
            assert!(Instant::now() < deadline, "a request hangs");
            sleep(Duration::from_millis(2)).await;
        }
        let seen = self.sent.seen.lock();
        std::mem::take(&mut seen.unwrap_or_else(PoisonError::into_inner))
    }
}

impl Sent {
    async fn go_on(self: Arc<Self>) {
        let mut ticks = interval(Duration::from_secs(1) / (TENANTS * EACH_A_SECOND));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for number in 0.. {
            ticks.tick().await;
            let tenant = tenant(number % TENANTS as usize);
            let registration = requests::register(&tenant, &requests::metadata(number));
            self.spawn(Kind::Registration, tenant, registration);
            if number % LOOK_UPS == 0 {
                let tenant = self.known.tenant.clone();
                let request = requests::token(&tenant, self.known.id(), None);
                self.spawn(Kind::LookUp, tenant, request);
            }
        }
    }

    fn spawn(self: &Arc<Self>, kind: Kind, tenant: String, request: Request<String>) {
        let sent = Arc::clone(self);
        sent.under_way.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(async move {
            let start = Instant::now();
            let answer = sent.send(request).await;
            let end = Instant::now();
            let seen = Seen {
                kind,
                tenant,
                start,
                end,
                answer,
            };
            sent.seen.lock().unwrap().push(seen);
            sent.under_way.fetch_sub(1, Ordering::SeqCst);
        });
    }

    /// Sends over the connection that has been idle for longest, or over a new one.
    async fn send(&self, request: Request<String>) -> io::Result<Answer> {
        let idle = self.idle.lock().unwrap().pop_front();
        let mut connection = match idle {
            Some(connection) => connection,
            None => Connection::open(&self.base).await?,
        };
        let answer = connection.send(request).await?;
        self.idle.lock().unwrap().push_back(connection);
        Ok(answer)
    }
}

/// A server and the service that it depends on.
struct Fixture {
    postgres: PrivatePostgres,
    redis: PrivateRedis,
    database: Database,
    server: ExampleServer,
    /// The client to look up.
    known: Acknowledged,
    ledger: Vec<Acknowledged>,
}

type Change = fn(&mut Fixture);

/// How a service becomes unavailable, and how the outage ends.
struct Outage {
    what: &'static str,
    lasts: Duration,
    goes: Change,
    comes_back: Change,
    /// The answer to a look-up during the outage.
    look_up: u16,
}

impl Fixture {
    async fn new() -> Self {
        let (postgres, redis) = (PrivatePostgres::start(), PrivateRedis::start());
        let database = Database::Postgres(postgres.create_database());
        // The clients of a tenant with a limit are counted.
        let counted = requests::tenant(&tenant(0), json!({ "max_clients": 1_000_000 }));
        let others = (1..TENANTS as usize).map(|it| requests::tenant(&tenant(it), json!({})));
        let tenants: Vec<_> = iter::once(counted).chain(others).collect();
        let settings = json!({ "tenants": tenants });
        let (store, limiter) = (database.option(), redis.url());
        let options = ["--store", &store, "--limiter", &limiter];
        let server = ExampleServer::start_with(Some(&settings), &options);
        let mut connection = Connection::open(&server.base).await.unwrap();
        let request = requests::register(&tenant(0), &requests::metadata(0));
        let answer = connection.send(request).await.unwrap();
        let known = Acknowledged::new(&tenant(0), &answer);
        Self {
            postgres,
            redis,
            database,
            server,
            ledger: vec![known.clone()],
            known,
        }
    }

    /// Sends requests while a service goes down and comes back, and checks the answers.
    async fn run_outage(&mut self, outage: &Outage) {
        let load = Load::on(&self.server.base, &self.known);
        sleep(Duration::from_millis(500)).await;
        (outage.goes)(self);
        let gone = Instant::now();
        sleep(outage.lasts).await;
        let returns = Instant::now();
        (outage.comes_back)(self);
        let is_back = Instant::now();
        let first = load.first_after(is_back).await;
        sleep(Duration::from_secs(1)).await;
        let seen = load.end().await;

        let what = outage.what;
        let took = seen.iter().map(|it| it.end - it.start);
        let longest = took.max().unwrap();
        let found = first.saturating_duration_since(is_back);
        let refused = seen.iter().filter(|it| it.status() == 503).count();
        println!(
            "{what}: {refused} of {} requests refused; the longest took {longest:?}; first success \
             {found:?} after the return",
            seen.len(),
        );
        for it in &seen {
            check(what, it);
        }
        let meanwhile = seen.iter().filter(|it| it.start > gone && it.end < returns);
        let mut count = 0;
        for it in meanwhile {
            count += 1;
            let expected = match it.kind {
                Kind::Registration => 503,
                Kind::LookUp => outage.look_up,
            };
            assert_eq!(
                it.status(),
                expected,
                "{what}: {:?} {:?}",
                it.kind,
                it.answer
            );
        }
        assert!(
            count > 0 || outage.lasts.is_zero(),
            "{what}: nothing was sent during the outage"
        );
        assert!(longest < NO_HANG, "{what}: a request took {longest:?}");
        assert!(found < FOUND, "{what}: found after {found:?}");
        let acknowledged = seen.iter().filter(|it| it.status() == 201);
        let acknowledged = acknowledged.filter_map(|it| {
            let answer = it.answer.as_ref().ok()?;
            Some(Acknowledged::new(&it.tenant, answer))
        });
        self.ledger.extend(acknowledged);
    }

    /// Panics unless everything that was ever acknowledged is stored.
    async fn assert_nothing_is_lost(&self) {
        assert_work(&self.server.base, &self.ledger).await;
        assert_are_stored(&self.ledger, &self.database).await;
        println!("{} acknowledged, none lost", self.ledger.len());
    }
}

/// Panics unless the request succeeded or was told to retry later. The caller checks that requests
/// got 503 during the outage.
fn check(what: &str, seen: &Seen) {
    let answer = seen.answer.as_ref();
    let answer = answer.unwrap_or_else(|error| panic!("{what}: cut off: {error:?}"));
    match (seen.kind, answer.status) {
        (Kind::Registration, 201) => {}
        (Kind::LookUp, 400) => assert_eq!(answer.refusal().1, "invalid_grant"),
        // A busy machine may delay requests, which then arrive together.
        (Kind::Registration, 429) => assert!(answer.header("retry-after").is_some(), "{what}"),
        (_, 503) => assert_eq!(answer.header("retry-after"), Some("1"), "{what}"),
        (kind, _) => panic!("{what}: {kind:?} {answer:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgresql_outage_loses_nothing() {
    let mut fixture = Fixture::new().await;
    let outages = [
        Outage {
            what: "PostgreSQL stopped",
            lasts: pause(),
            goes: |fixture| fixture.postgres.stop(),
            comes_back: |fixture| fixture.postgres.restart(),
            look_up: 503,
        },
        Outage {
            what: "PostgreSQL paused",
            lasts: pause(),
            goes: |fixture| fixture.postgres.pause(),
            comes_back: |fixture| fixture.postgres.resume(),
            look_up: 503,
        },
        Outage {
            what: "PostgreSQL restarted",
            lasts: Duration::ZERO,
            goes: |fixture| fixture.postgres.stop(),
            comes_back: |fixture| fixture.postgres.restart(),
            look_up: 503,
        },
    ];
    for outage in &outages {
        fixture.run_outage(outage).await;
    }
    fixture.assert_nothing_is_lost().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_postgresql_login_still_connects() {
    let postgres = PrivatePostgres::start();
    let delay = "options=-c%20post_auth_delay%3D2";
    let database = Database::Postgres(format!("{}?{delay}", postgres.create_database()));
    let settings = json!({ "tenants": [requests::tenant("shop", json!({ "rate_limit": null }))] });
    let server = ExampleServer::start_with(Some(&settings), &["--store", &database.option()]);
    let mut connection = Connection::open(&server.base).await.unwrap();
    let deadline = Instant::now() + LIMIT;
    let mut refused = 0;
    loop {
        let start = Instant::now();
        let request = requests::register("shop", &requests::metadata(refused));
        let answer = connection.send(request).await.unwrap();
        assert!(start.elapsed() < NO_HANG, "{:?}", start.elapsed());
        if answer.status == 201 {
            break;
        }
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(Instant::now() < deadline, "refused {refused} times");
        refused += 1;
    }
    assert!(refused > 0, "the login was not slow");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_outage_loses_nothing() {
    let mut fixture = Fixture::new().await;
    let outages = [
        Outage {
            what: "Redis stopped",
            lasts: pause(),
            goes: |fixture| fixture.redis.stop(),
            comes_back: |fixture| fixture.redis.restart(),
            look_up: 400,
        },
        Outage {
            what: "Redis paused",
            lasts: pause(),
            goes: |fixture| fixture.redis.pause(),
            comes_back: |fixture| fixture.redis.resume(),
            look_up: 400,
        },
        Outage {
            what: "Redis restarted",
            lasts: Duration::ZERO,
            goes: |fixture| fixture.redis.stop(),
            comes_back: |fixture| fixture.redis.restart(),
            look_up: 400,
        },
    ];
    for outage in &outages {
        fixture.run_outage(outage).await;
    }
    fixture.assert_nothing_is_lost().await;
}
