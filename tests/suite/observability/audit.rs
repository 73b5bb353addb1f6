//! The audit trail: its line for each event, and that a trail can be read back.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use oauth_dcr::{
    Timestamp,
    events::{AuditEvent, AuditFact, AuditTrail, Event, EventSink},
};
use serde_json::{Value, json};

use super::{
    every_event::{CANARY, contains_secret, provoke},
    page,
};

/// Records the audit facts of each event, all at the same time.
#[derive(Clone, Default)]
struct RecordedEvents(Arc<Mutex<Vec<AuditEvent>>>);

const AT: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

impl EventSink for RecordedEvents {
    fn record(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(AuditEvent::of(AT, event));
    }
}

async fn everything() -> Vec<AuditEvent> {
    let kept = RecordedEvents::default();
    provoke(&|builder| builder.events(kept.clone())).await;
    let mut events = kept.0.lock().unwrap();
    std::mem::take(&mut *events)
}

/// The events as JSON, ids aside.
fn written(events: &[AuditEvent]) -> Vec<Value> {
    let json = |event: &AuditEvent| {
        let mut value = serde_json::to_value(event).unwrap();
        if let Some(id) = value.get_mut("client_id") {
            *id = "ID".into();
        }
        value
    };
    events.iter().map(json).collect()
}

#[tokio::test]
async fn each_fact_has_a_line_in_stable_format() {
    let written = written(&everything().await);
    let at = AT.unix_millis();
    let from = "203.0.113.5";
    for expected in [
        json!({ "at": at, "tenant": "permissive", "source": from, "event": "client_registered",
            "client_id": "ID", "client_type": "confidential", "security_mode": "permissive" }),
        json!({ "at": at, "tenant": "open", "source": from, "event": "client_registered",
            "client_id": "ID", "client_type": "public", "security_mode": "strict" }),
        json!({ "at": at, "tenant": "folding", "source": from, "event": "client_folded",
            "client_id": "ID" }),
        json!({ "at": at, "tenant": "open", "source": from, "event": "registration_refused",
            "error": "metadata", "field": "redirect_uris", "index": 1, "rule": "not_absolute" }),
        json!({ "at": at, "tenant": "open", "source": from, "event": "registration_refused",
            "error": "decode", "rule": "not_an_object" }),
        json!({ "at": at, "tenant": "blocked", "source": from, "event": "registration_refused",
            "error": "blocked", "acl_rule": "no visitors" }),
        json!({ "at": at, "tenant": "hidden", "event": "registration_refused",
            "error": "source_unknown", "rule": "source_unknown", "acl_rule": "no visitors",
            "signal": "source", "reason": "unreadable_hop" }),
        json!({ "at": at, "tenant": "unreadable", "source": from, "event": "acl_rule_unanswered",
            "acl_rule": "watches a country", "acl_rule_id": "acl_1", "signal": "country",
            "reason": "unreadable_header" }),
        json!({ "at": at, "event": "registration_refused", "error": "unknown_tenant" }),
        json!({ "at": at, "tenant": "open", "source": from, "event": "registration_refused",
            "error": "backend" }),
        json!({ "at": at, "tenant": "monitored", "source": from, "event": "acl_rule_matched",
            "acl_rule": "would block", "acl_rule_id": "acl_1", "action": "block" }),
        json!({ "at": at, "tenant": "monitored", "source": from, "event": "acl_rule_matched",
            "acl_rule": "only reports", "acl_rule_id": "acl_3" }),
        json!({ "at": at, "tenant": "open", "event": "metadata_changed", "client_id": "ID",
            "revision": 1, "client_type": "confidential" }),
        json!({ "at": at, "tenant": "open", "event": "secret_rotated", "client_id": "ID",
            "revision": 2 }),
        json!({ "at": at, "tenant": "open", "event": "client_blocked", "client_id": "ID",
            "revision": 3 }),
        json!({ "at": at, "tenant": "open", "event": "client_unblocked", "client_id": "ID",
            "revision": 4 }),
        json!({ "at": at, "tenant": "open", "event": "redirection_policy_set", "client_id": "ID",
            "revision": 5, "redirection_policy": "allow_always" }),
        json!({ "at": at, "tenant": "open", "event": "client_unreadable", "client_id": "ID",
            "reason": "it is not the JSON of a client, at line 1, column 270" }),
        json!({ "at": at, "tenant": "open", "event": "client_deleted", "client_id": "ID" }),
        json!({ "at": at, "tenant": "open", "event": "client_swept", "client_id": "ID" }),
        json!({ "at": at, "tenant": "small", "event": "client_made_room", "client_id": "ID" }),
        json!({ "at": at, "tenant": "limited", "event": "client_over_user_limit",
            "client_id": "ID" }),
        json!({ "at": at, "event": "clock_differs", "node": at + 86_400_000, "store": at }),
    ] {
        assert!(written.contains(&expected), "{expected}\n{written:#?}");
    }
}

#[tokio::test]
async fn the_page_lists_every_fact_and_its_members() {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut always: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in written(&everything().await) {
        let line = line.as_object().unwrap();
        let aside = ["at", "tenant", "source", "event"];
        let names = line.keys().filter(|name| !aside.contains(&name.as_str()));
        let names: BTreeSet<String> = names.cloned().collect();
        let event = line["event"].as_str().unwrap();
        let common = always.entry(event.into()).or_insert_with(|| names.clone());
        *common = common.intersection(&names).cloned().collect();
        found.entry(event.into()).or_default().extend(names);
    }
    let rows = page::table("| `event` | besides");
    assert_eq!(rows.len(), found.len());
    for row in rows {
        let event = page::quoted(row[0])[0];
        let (needed, optional) = page::members(row[1]);
        let set = |names: &[&str]| {
            names
                .iter()
                .map(|&it| it.to_owned())
                .collect::<BTreeSet<_>>()
        };
        assert_eq!(always[event], set(&needed), "{event}");
        assert_eq!(found[event], &set(&needed) | &set(&optional), "{event}");
    }
}

#[tokio::test]
async fn written_trail_survives_a_round_trip() {
    for event in everything().await {
        let json = serde_json::to_string(&event).unwrap();
        assert_eq!(
            serde_json::from_str::<AuditEvent>(&json).unwrap(),
            event,
            "{json}"
        );
        let mut cbor = Vec::new();
        ciborium::into_writer(&event, &mut cbor).unwrap();
        let read: AuditEvent = ciborium::from_reader(&*cbor).unwrap();
        assert_eq!(read, event, "{json}");
    }
}

#[test]
fn unknown_members_are_ignored_but_unknown_facts_fail() {
    let line = json!({ "at": 5, "event": "client_deleted", "client_id": "a", "later": [1] });
    let read: AuditEvent = serde_json::from_value(line.clone()).unwrap();
    assert!(matches!(read.fact, AuditFact::ClientDeleted { .. }));
    for (member, value, complaint) in [
        (
            "event",
            json!("client_painted"),
            "unknown variant `client_painted`",
        ),
        ("event", json!(null), "null"),
        ("client_id", json!(""), "a client id is"),
        ("client_id", json!(null), "null"),
        ("at", json!("now"), "expected u64"),
    ] {
        let mut line = line.clone();
        line[member] = value;
        let error = serde_json::from_value::<AuditEvent>(line)
            .unwrap_err()
            .to_string();
        assert!(error.contains(complaint), "{error}");
    }
    let error = serde_json::from_str::<AuditEvent>(r#"{"at": 5}"#).unwrap_err();
    assert!(
        error.to_string().contains("missing field `event`"),
        "{error}"
    );
}

#[tokio::test]
async fn trail_contains_no_secret_or_client_text() {
    let events = everything().await;
    assert!(events.len() > 40);
    let shown = format!("{events:?} {:?}", written(&events));
    assert!(
        !shown.contains(CANARY) && !shown.contains("app.example.com"),
        "{shown}"
    );
    assert!(!contains_secret(&shown), "{shown}");
}

#[tokio::test]
async fn each_event_has_the_time_of_the_clock() {
    use crate::support::clock::ManualClock;

    let clock = Arc::new(ManualClock::new());
    let kept: Arc<Mutex<Vec<AuditEvent>>> = Arc::default();
    let keep = Arc::clone(&kept);
    let trail = AuditTrail::new(move |event| keep.lock().unwrap().push(event));
    let trail = Arc::new(trail.with_clock(Arc::clone(&clock)));
    clock.set_millis(7);
    provoke(&|builder| builder.events(Arc::clone(&trail))).await;
    let all = everything().await.len();
    let kept = kept.lock().unwrap();
    assert_eq!(kept.len(), all);
    let at = Timestamp::from_unix_millis(1_800_000_000_007);
    assert!(kept.iter().all(|event| event.at == at));
}
