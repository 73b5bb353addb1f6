//! Logs: their names, levels and fields, and what they never contain.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    sync::{Arc, Mutex},
};

use oauth_dcr::{
    Registrar, TenantId, TenantSettings,
    postgres::PostgresStore,
    rate_limit::{Quota, RateKey, RateLimiter as _},
    redis::RedisRateLimiter,
    tracing::TracingEvents,
};
use serde_json::json;
use tracing::{
    Event, Id, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Record},
};
use tracing_subscriber::{Layer, layer::Context, prelude::*, registry::LookupSpan};

use super::{
    every_event::{CANARY, SOURCE, contains_secret, provoke, send},
    page,
};
use crate::{faulty_store::FaultyStore, support::broken::Failing};

pub(crate) type Fields = BTreeMap<String, String>;

pub(crate) fn fields<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Fields {
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    pairs.into_iter().map(owned).collect()
}

#[derive(Debug)]
pub(crate) struct SeenSpan {
    pub(crate) id: usize,
    pub(crate) parent: Option<usize>,
    pub(crate) name: &'static str,
    pub(crate) target: String,
    pub(crate) level: Level,
    pub(crate) fields: Fields,
    pub(crate) is_closed: bool,
}

#[derive(Debug)]
pub(crate) struct SeenEvent {
    pub(crate) parent: Option<usize>,
    pub(crate) target: String,
    pub(crate) level: Level,
    pub(crate) fields: Fields,
}

/// Spans in the order in which they started, and events.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) spans: Vec<SeenSpan>,
    pub(crate) events: Vec<SeenEvent>,
}

/// Collects everything, at every level.
#[derive(Clone, Default)]
pub(crate) struct Collector(Arc<Mutex<Collecting>>);

#[derive(Default)]
struct Collecting {
    seen: Collected,
    /// The current span of an id: a subscriber reuses ids.
    spans_by_id: BTreeMap<u64, usize>,
}

impl Collector {
    pub(crate) fn subscriber(&self) -> impl Subscriber + Send + Sync + use<> {
        tracing_subscriber::registry().with(self.clone())
    }

    pub(crate) fn take(&self) -> Collected {
        std::mem::take(&mut *self.0.lock().unwrap()).seen
    }

    fn number_of(&self, id: &Id) -> usize {
        self.0.lock().unwrap().spans_by_id[&id.into_u64()]
    }

    fn with_span(&self, id: &Id, change: impl FnOnce(&mut SeenSpan)) {
        let number = self.number_of(id);
        change(&mut self.0.lock().unwrap().seen.spans[number]);
    }
}

struct Reader<'a>(&'a mut Fields);

impl Visit for Reader<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().into(), format!("{value:?}"));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Collector {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let parent = context.span(id).unwrap().parent();
        let parent = parent.map(|parent| self.number_of(&parent.id()));
        let mut fields = Fields::new();
        attributes.record(&mut Reader(&mut fields));
        let (name, target, level) = described(attributes.metadata());
        let mut collecting = self.0.lock().unwrap();
        let number = collecting.seen.spans.len();
        collecting.spans_by_id.insert(id.into_u64(), number);
        collecting.seen.spans.push(SeenSpan {
            id: number,
            parent,
            name,
            target,
            level,
            fields,
            is_closed: false,
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        self.with_span(id, |span| values.record(&mut Reader(&mut span.fields)));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let parent = context.event_span(event);
        let parent = parent.map(|parent| self.number_of(&parent.id()));
        let mut fields = Fields::new();
        event.record(&mut Reader(&mut fields));
        let (_, target, level) = described(event.metadata());
        self.0.lock().unwrap().seen.events.push(SeenEvent {
            parent,
            target,
            level,
            fields,
        });
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        self.with_span(&id, |span| span.is_closed = true);
    }
}

fn described(metadata: &Metadata<'static>) -> (&'static str, String, Level) {
    (
        metadata.name(),
        metadata.target().to_owned(),
        *metadata.level(),
    )
}

/// Everything that is logged while every event is provoked.
pub(crate) async fn everything(sink: TracingEvents) -> Collected {
    let collector = Collector::default();
    let guard = tracing::subscriber::set_default(collector.subscriber());
    provoke(&|builder| builder.events(sink.clone())).await;
    drop(guard);
    let seen = collector.take();
    assert!(seen.events.len() > 40 && seen.spans.len() > 40);
    seen
}

#[tokio::test]
async fn logs_contain_no_secret_or_client_text() {
    let sink = TracingEvents::new().with_addresses().with_causes();
    let shown = format!("{:?}", everything(sink).await);
    assert!(shown.contains("no visitors") && shown.contains("out of order"));
    assert!(
        !shown.contains(CANARY) && !shown.contains("app.example.com"),
        "{shown}"
    );
    assert!(!contains_secret(&shown), "{shown}");
}

#[tokio::test]
async fn addresses_and_causes_are_logged_only_on_request() {
    for (sink, has_addresses, has_causes) in [
        (TracingEvents::new(), false, false),
        (TracingEvents::new().with_addresses(), true, false),
        (TracingEvents::new().with_causes(), false, true),
    ] {
        let seen = everything(sink.clone()).await;
        let shown = format!("{seen:?}");
        assert_eq!(shown.contains(SOURCE), has_addresses, "{sink:?}");
        assert_eq!(shown.contains("out of order"), has_causes, "{sink:?}");
        let with = |field| {
            seen.events
                .iter()
                .any(|event| event.fields.contains_key(field))
        };
        assert_eq!((with("source"), with("cause")), (has_addresses, has_causes));
    }
}

/// The event with this message and these fields, except `took_seconds` and ids.
fn find<'a>(seen: &'a Collected, message: &str, wanted: &[(&str, &str)]) -> &'a SeenEvent {
    let is_it = |event: &&SeenEvent| {
        event.fields["message"] == message
            && wanted
                .iter()
                .all(|(name, value)| event.fields.get(*name).is_some_and(|found| found == value))
    };
    let found = seen.events.iter().find(is_it);
    found.unwrap_or_else(|| panic!("{message} {wanted:?}"))
}

/// A message, its level, its fields with fixed values, and the names of its other fields.
type Row<'a> = (&'a str, Level, &'a [(&'a str, &'a str)], &'a [&'a str]);

#[tokio::test]
async fn each_event_has_its_level_and_fields() {
    let seen = everything(TracingEvents::new()).await;
    assert!(seen.events.iter().all(|event| event.target == "oauth_dcr"));
    let rows: [Row<'_>; 11] = [
        (
            "client registered",
            Level::INFO,
            &[
                ("tenant", "permissive"),
                ("outcome", "registered"),
                ("client_type", "confidential"),
                ("security_mode", "permissive"),
            ],
            &["client_id", "took_seconds"],
        ),
        (
            "client folded",
            Level::INFO,
            &[("tenant", "folding"), ("outcome", "folded")],
            &["client_id", "took_seconds"],
        ),
        (
            "client changed",
            Level::INFO,
            &[("tenant", "open"), ("change", "secret"), ("revision", "2")],
            &["client_id"],
        ),
        (
            "client unreadable",
            Level::ERROR,
            &[("tenant", "open")],
            &["client_id", "reason", "count"],
        ),
        (
            "client removed",
            Level::INFO,
            &[("tenant", "small"), ("removal", "made_room")],
            &["client_id"],
        ),
        (
            "client removed",
            Level::INFO,
            &[("tenant", "limited"), ("removal", "user_limit")],
            &["client_id"],
        ),
        (
            "acl rule matched",
            Level::DEBUG,
            &[
                ("tenant", "monitored"),
                ("acl_rule", "would block"),
                ("acl_rule_id", "acl_1"),
                ("action", "block"),
            ],
            &[],
        ),
        (
            "registration refused",
            Level::DEBUG,
            &[
                ("tenant", "open"),
                ("outcome", "refused"),
                ("error", "metadata"),
                ("field", "redirect_uris"),
                ("index", "1"),
                ("rule", "not_absolute"),
            ],
            &["took_seconds"],
        ),
        (
            "registration refused",
            Level::DEBUG,
            &[
                ("tenant", "blocked"),
                ("outcome", "refused"),
                ("error", "blocked"),
                ("acl_rule", "no visitors"),
            ],
            &["took_seconds"],
        ),
        (
            "registration refused",
            Level::DEBUG,
            &[("outcome", "refused"), ("error", "unknown_tenant")],
            &["took_seconds"],
        ),
        (
            "registration failed",
            Level::ERROR,
            &[
                ("tenant", "open"),
                ("outcome", "failed"),
                ("error", "backend"),
                ("backend", "test"),
            ],
            &["took_seconds"],
        ),
    ];
    check(&seen, &rows);
}

#[tokio::test]
async fn unknown_signals_are_logged() {
    let seen = everything(TracingEvents::new()).await;
    let rows: [Row<'_>; 3] = [
        (
            "registration refused",
            Level::DEBUG,
            &[
                ("tenant", "hidden"),
                ("outcome", "refused"),
                ("error", "source_unknown"),
                ("rule", "source_unknown"),
                ("acl_rule", "no visitors"),
                ("signal", "source"),
                ("reason", "unreadable_hop"),
            ],
            &["took_seconds"],
        ),
        (
            "acl rule not evaluated",
            Level::DEBUG,
            &[
                ("tenant", "unreadable"),
                ("acl_rule", "watches a country"),
                ("acl_rule_id", "acl_1"),
                ("signal", "country"),
                ("reason", "unreadable_header"),
            ],
            &[],
        ),
        (
            "acl signal unknown",
            Level::WARN,
            &[
                ("tenant", "blocked"),
                ("signal", "source"),
                ("reason", "no_peer_address"),
                ("count", "1"),
            ],
            &["advice"],
        ),
    ];
    check(&seen, &rows);
}

fn check(seen: &Collected, rows: &[Row<'_>]) {
    for (message, level, wanted, besides) in rows {
        let event = find(seen, message, wanted);
        assert_eq!(event.level, *level, "{message}");
        let mut names: Vec<&str> = wanted.iter().map(|(name, _)| *name).collect();
        names.extend(*besides);
        names.push("message");
        names.sort_unstable();
        let found: Vec<&String> = event.fields.keys().collect();
        assert_eq!(found, names, "{message}");
    }
}

/// For each message, the fields of every event and the fields of only some events.
fn fields_by_message(seen: &Collected) -> BTreeMap<&str, (BTreeSet<&str>, BTreeSet<&str>)> {
    let mut found = BTreeMap::new();
    for event in &seen.events {
        let names = event.fields.keys().map(String::as_str);
        let names: BTreeSet<&str> = names.filter(|name| *name != "message").collect();
        let first = || (names.clone(), BTreeSet::new());
        let message = event.fields["message"].as_str();
        let (every, some) = found.entry(message).or_insert_with(first);
        *every = &*every & &names;
        *some = &*some | &names;
    }
    found
}

#[tokio::test]
async fn page_lists_every_log_message() {
    let seen = everything(TracingEvents::new()).await;
    let all = everything(TracingEvents::new().with_addresses().with_causes()).await;
    let (plain, all) = (fields_by_message(&seen), fields_by_message(&all));
    let rows = page::table("| message | level |");
    assert_eq!(rows.len(), all.len());
    for row in rows {
        let message = page::quoted(row[0])[0];
        let mut events = seen
            .events
            .iter()
            .filter(|it| it.fields["message"] == message);
        assert!(events.all(|it| it.level.as_str() == row[1]), "{message}");
        let (needed, optional) = page::members(row[2]);
        let needed: BTreeSet<&str> = needed.into_iter().collect();
        assert_eq!(plain[message].0, needed, "{message}");
        let optional: BTreeSet<&str> = optional.into_iter().collect();
        assert_eq!(all[message].1, &needed | &optional, "{message}");
    }
}

#[tokio::test]
async fn page_lists_every_span() {
    let seen = everything(TracingEvents::new()).await;
    let found = seen.spans.iter().map(|span| {
        let names: BTreeSet<&str> = span.fields.keys().map(String::as_str).collect();
        (span.name, span.level.to_string(), names)
    });
    let mut by_name: BTreeMap<&str, (String, BTreeSet<&str>)> = BTreeMap::new();
    for (name, level, names) in found {
        let entry = by_name.entry(name).or_insert((level, BTreeSet::new()));
        entry.1.extend(names);
    }
    let documented = page::table("| span | level |").into_iter().map(|row| {
        let names = page::quoted(row[2]).into_iter().collect();
        (page::quoted(row[0])[0], (row[1].to_owned(), names))
    });
    assert_eq!(by_name, documented.collect());
    // Each registration has an outcome, with or without an event.
    let mut registrations = seen.spans.iter().filter(|span| span.name == "registration");
    assert!(
        registrations
            .clone()
            .all(|span| span.is_closed && span.fields.contains_key("outcome"))
    );
    let outcomes: Vec<&str> = registrations
        .by_ref()
        .map(|span| &*span.fields["outcome"])
        .collect();
    let times = |outcome| outcomes.iter().filter(|it| **it == outcome).count();
    assert_eq!((times("preflight"), times("options")), (1, 1));
}

#[tokio::test]
async fn logged_cause_includes_its_sources() {
    let collector = Collector::default();
    let guard = tracing::subscriber::set_default(collector.subscriber());
    let registrar = Registrar::builder(FaultyStore::default())
        .tenant(TenantSettings::new().enabled())
        .limiter(Failing)
        .events(TracingEvents::new().with_causes())
        .build()
        .unwrap();
    assert_eq!(send(&registrar, "any", &json!({})).await.0, 503);
    drop(guard);
    assert_eq!(collector.take().events[0].fields["cause"], "out of order");
}

#[tokio::test]
async fn causes_never_contain_the_database_password() {
    let (collector, password) = (Collector::default(), "hunter2");
    let guard = tracing::subscriber::set_default(collector.subscriber());
    // The port is closed, or its server speaks another protocol.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let pool = sqlx::postgres::PgPoolOptions::new()
        .acquire_timeout(std::time::Duration::from_millis(200))
        .connect_lazy(&format!("postgres://user:{password}@{address}/db"))
        .unwrap();
    let registrar = Registrar::builder(PostgresStore::with_pool(pool))
        .tenant(TenantSettings::new().enabled())
        .events(TracingEvents::new().with_causes())
        .build()
        .unwrap();
    let body = json!({ "redirect_uris": ["https://app.example.com/"] });
    assert_eq!(send(&registrar, "any", &body).await.0, 503);
    drop(guard);
    let seen = collector.take();
    let failed = find(&seen, "registration failed", &[("backend", "postgres")]);
    assert!(failed.fields["cause"].len() > 5, "{failed:?}");
    assert!(!format!("{seen:?}").contains(password), "{seen:?}");

    let tenant = TenantId::parse("t1").unwrap();
    let urls = [
        format!("redis://:{password}@{address}"),
        format!("redis://:{password}@{address}/not-a-number"),
        format!("postgres://user:{password}@{address}/db?sslmode=none"),
        format!("postgres://user:{password}@127.0.0.1:99999/db"),
    ];
    for url in urls {
        let failed = if url.starts_with("redis") {
            match RedisRateLimiter::connect(&url).await {
                Ok(limiter) => limiter
                    .acquire(RateKey::Tenant(&tenant), Quota::default())
                    .await
                    .err(),
                Err(error) => Some(error),
            }
        } else {
            PostgresStore::connect(&url).await.err()
        };
        let error = failed.expect("nobody is there");
        let causes =
            std::iter::successors(Some(&error as &dyn std::error::Error), |it| it.source());
        let shown: Vec<_> = causes.map(|it| format!("{it} {it:?}")).collect();
        assert!(
            shown.len() > 1 && !shown.concat().contains(password),
            "{shown:?}"
        );
    }
}
