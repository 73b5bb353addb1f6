//! Rows whose records can not be read, and the operations that still work on them.

use std::{error::Error as _, sync::Arc};

use oauth_dcr::{
    Client, ClientId, TenantId, Timestamp,
    client::StoredClient,
    store::{
        Activity, BlockOutcome, ClientStore, DuplicateKey, InsertOutcome, Insertion, RemoveOutcome,
        Sweep, TouchOutcome,
    },
};
use serde_json::{Value, json};

/// The text in each record that no reason may contain.
const MARK: &str = "hunter2";

const NOT_JSON: &str = "it is not the JSON of a client, at line ";

/// In milliseconds.
const HOUR: u64 = 3_600_000;

/// A record as a store saves it.
fn record(tenant: &TenantId, id: &str, issued_at: u64) -> Value {
    json!({
        "version": 1, "tenant": tenant, "client_id": id, "issued_at": issued_at,
        "security_mode": "strict",
        "metadata": {
            "client_name": MARK,
            "redirect_uris": [format!("https://{MARK}.example/callback")],
            "token_endpoint_auth_method": "none",
        },
    })
}

/// The ways to spoil a record, with the beginning of the reason for each.
fn spoiled(good: &Value) -> Vec<(Vec<u8>, &'static str)> {
    let text = good.to_string();
    let with = |pointer: &str, value: Value| {
        let mut record = good.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        record.pointer_mut(parent).unwrap()[name] = value;
        record.to_string().into_bytes()
    };
    let bytes = |from: &str, to: &[u8]| {
        let (before, after) = text.split_once(from).unwrap();
        [before.as_bytes(), to, after.as_bytes()].concat()
    };
    let long = format!("{text}{}", " ".repeat((4 << 20) + 1 - text.len()));
    let deep = with("/metadata/x", Value::Null);
    let deep = String::from_utf8(deep).unwrap();
    let deep = deep.replace(
        "null",
        &format!("{}{}", "[".repeat(9_000), "]".repeat(9_000)),
    );
    vec![
        (Vec::new(), NOT_JSON),
        (MARK.into(), NOT_JSON),
        (text[..text.len() - 1].into(), NOT_JSON),
        (format!("{text}{text}").into_bytes(), NOT_JSON),
        (b"null".into(), NOT_JSON),
        (b"[]".into(), NOT_JSON),
        (deep.into_bytes(), NOT_JSON),
        (bytes(MARK, b"\xff"), NOT_JSON),
        (bytes(MARK, br"\ud800"), NOT_JSON),
        (b"\xff\0\xfe".into(), NOT_JSON),
        (with("/version", MARK.into()), NOT_JSON),
        (with("/client_id", json!("a b")), NOT_JSON),
        (with("/issued_at", json!(-1)), NOT_JSON),
        (with("/metadata", json!([MARK])), NOT_JSON),
        (with("/metadata/client_name", json!([MARK])), NOT_JSON),
        (with("/hunter2", json!(1)), NOT_JSON),
        (with("/version", json!(7)), "its version, 7, is unknown"),
        (
            with("/client_id", json!("tpc_hunter2")),
            "it is the record of another client",
        ),
        (
            with("/tenant", json!("hunter2")),
            "it is the record of another client",
        ),
        (
            with("/secret_digest", MARK.into()),
            "it holds a secret digest of an unknown kind",
        ),
        (
            with(
                "/metadata/token_endpoint_auth_method",
                json!("client_secret_post"),
            ),
            "its secret digest does not fit its authentication method",
        ),
        (with("/metadata/redirect_uris", json!([])), "redirect_uris"),
        (
            with("/metadata/redirect_uris", json!([MARK])),
            "redirect_uris[0]",
        ),
        (with("/metadata/logo_uri", MARK.into()), "logo_uri"),
        (
            with("/metadata/grant_types", json!([MARK])),
            "grant_types[0]",
        ),
        (long.into_bytes(), "it has more than 4194304 bytes"),
    ]
}

fn client(record: &Value) -> Arc<Client> {
    Arc::new(serde_json::from_value(record.clone()).unwrap())
}

fn id(name: &str) -> ClientId {
    ClientId::parse(name).unwrap()
}

fn moment(hour: u64) -> Timestamp {
    Timestamp::from_unix_millis(hour * HOUR)
}

/// Stores clients, replaces the records of some by `spoil`, and does everything that needs no
/// record. Repeats this for each way to spoil a record.
pub(crate) async fn unreadable_rows_can_be_managed<S: ClientStore>(
    store: &S,
    spoil: impl AsyncFn(&TenantId, &ClientId, &[u8]),
) {
    let ways = spoiled(&record(&TenantId::parse("t").unwrap(), "b", 0)).len();
    assert!(ways > 20);
    for way in 0..ways {
        let tenant = TenantId::parse(&format!("t{way}")).unwrap();
        let fixture = Fixture { store, tenant };
        for (name, issued_at) in [("evicted", 0), ("a", 1), ("b", 2), ("c", 3), ("swept", 4)] {
            let good = record(&fixture.tenant, name, issued_at * HOUR);
            let key = DuplicateKey::from_bytes([u8::try_from(issued_at).unwrap(); 32]);
            let insertion = Insertion::new(client(&good)).deduplicated_by(Some(key));
            let outcome = store.insert(insertion).await.unwrap();
            assert_eq!(outcome, InsertOutcome::Inserted { removed: vec![] });
            if !["a", "c"].contains(&name) {
                let (bad, _) = spoiled(&good).swap_remove(way);
                spoil(&fixture.tenant, &id(name), &bad).await;
            }
        }
        let good = record(&fixture.tenant, "b", 2 * HOUR);
        let (bad, begin) = spoiled(&good).swap_remove(way);
        let shown = String::from_utf8_lossy(&bad[..bad.len().min(300)]).into_owned();
        fixture.is_named(begin, &shown).await;
        fixture.is_changed().await;
        fixture.can_be_evicted().await;
        // A repaired client is found, with the changes from the meantime.
        spoil(&fixture.tenant, &id("b"), good.to_string().as_bytes()).await;
        let found = store
            .find(&fixture.tenant, &id("b"))
            .await
            .unwrap()
            .unwrap();
        let mut expected = good;
        (expected["blocked"], expected["revision"]) = (true.into(), 3.into());
        assert_eq!(found.readable(), Ok(client(&expected)), "{shown}");
        spoil(&fixture.tenant, &id("b"), &bad).await;
        let removed = store.remove(&fixture.tenant, &id("b")).await.unwrap();
        assert_eq!(removed, RemoveOutcome::Removed);
        assert_eq!(fixture.names(None, 10).await, ["a", "c", "new"]);
    }
}

struct Fixture<'a, S> {
    store: &'a S,
    tenant: TenantId,
}

impl<S: ClientStore> Fixture<'_, S> {
    async fn page(&self, after: Option<&str>, limit: u32) -> Vec<StoredClient> {
        let after = after.map(id);
        self.store
            .list(&self.tenant, after.as_ref(), limit)
            .await
            .unwrap()
    }

    async fn names(&self, after: Option<&str>, limit: u32) -> Vec<String> {
        let page = self.page(after, limit).await;
        page.iter().map(|row| row.id().to_string()).collect()
    }

    /// A page still has the neighbours of the row, and the row itself with a reason.
    async fn is_named(&self, begin: &str, shown: &str) {
        let found = self.store.find(&self.tenant, &id("b")).await.unwrap();
        let mut rows = self.page(Some("a"), 2).await;
        let StoredClient::Readable(c) = rows.pop().unwrap() else {
            panic!("the row after it is served: {shown}");
        };
        assert_eq!(c, client(&record(&self.tenant, "c", 3 * HOUR)));
        assert_eq!(found, rows.pop(), "{shown}");
        let Some(StoredClient::Unreadable(row)) = found else {
            panic!("{shown} is read as a client");
        };
        assert_eq!(row.id(), &id("b"));
        assert!(row.reason().starts_with(begin), "{}: {shown}", row.reason());
        let told = format!("{row} {row:?}");
        assert!(!told.contains(MARK), "{told}: {shown}");
        assert_eq!(self.names(None, 3).await, ["a", "b", "c"]);
        assert_eq!(self.names(Some("b"), 9).await, ["c", "evicted", "swept"]);
        // A duplicate of the row is told to try again, and is not stored beside it.
        let again = Insertion::new(client(&record(&self.tenant, "again", 9)));
        let again = again.deduplicated_by(Some(DuplicateKey::from_bytes([2; 32])));
        let error = self.store.insert(again).await.unwrap_err();
        let cause = error.source().unwrap().to_string();
        assert!(
            cause.contains(row.reason()) && cause.contains("`b`"),
            "{cause}"
        );
        assert!(!format!("{error} {error:?}").contains(MARK), "{error:?}");
        assert_eq!(self.page(None, 9).await.len(), 5);
    }

    /// The row can be blocked, and its recorded use still counts.
    async fn is_changed(&self) {
        for (revision, blocked) in [(1, true), (2, false), (3, true)] {
            let set = self
                .store
                .set_blocked(&self.tenant, &id("b"), blocked)
                .await;
            assert_eq!(set.unwrap(), BlockOutcome::Written { revision });
        }
        let touch = Activity::used(moment(5), None);
        for (name, outcome) in [
            (
                "swept",
                TouchOutcome::Written {
                    evicted: Vec::new(),
                },
            ),
            ("swept", TouchOutcome::Unchanged),
        ] {
            let touched = self.store.touch(&self.tenant, &id(name), touch).await;
            assert_eq!(touched.unwrap(), outcome);
        }
    }

    /// The row is evicted and swept like any other row, unless it is blocked.
    async fn can_be_evicted(&self) {
        let new = Insertion::new(client(&record(&self.tenant, "new", 20 * HOUR)));
        let max = std::num::NonZeroU64::new(5);
        let outcome = self.store.insert(new.max_clients(max)).await.unwrap();
        let removed = vec![id("evicted")];
        assert_eq!(outcome, InsertOutcome::Inserted { removed });
        let sweep = Sweep::new()
            .idle_before(moment(19))
            .unused_before(moment(1));
        let swept = self.store.sweep(&self.tenant, sweep).await.unwrap();
        assert_eq!(swept, [id("swept")]);
        assert_eq!(self.names(None, 9).await, ["a", "b", "c", "new"]);
    }
}

/// A row with an invalid id has this id in errors, and can be blocked, removed, evicted and swept.
pub(crate) async fn rows_with_invalid_ids_can_be_managed<S: ClientStore>(
    store: &S,
    rename: impl AsyncFn(&TenantId, &ClientId, &str),
) {
    let long = "x".repeat(2_000);
    for (number, foreign) in ["not an id", " ", "\u{e4}\n\u{202e}", &long]
        .into_iter()
        .enumerate()
    {
        let tenant = TenantId::parse(&format!("foreign{number}")).unwrap();
        ClientId::parse(foreign).unwrap_err();
        let fixture = Fixture { store, tenant };
        let tenant = &fixture.tenant;
        for (round, name) in ["deleted", "evicted", "swept"].into_iter().enumerate() {
            for (name, issued_at) in [(name, 0), ("~", 1)] {
                let issued_at = issued_at * HOUR;
                let insertion = Insertion::new(client(&record(tenant, name, issued_at)));
                store.insert(insertion).await.unwrap();
            }
            rename(tenant, &id(name), foreign).await;
            let rows = fixture.page(None, 9).await;
            let row = rows.iter().find(|row| row.id().as_str() == foreign);
            let Some(StoredClient::Unreadable(row)) = row else {
                panic!("{rows:?}");
            };
            assert_eq!(row.reason(), "it is the record of another client");
            assert_eq!(rows.len(), 2);
            let found = store.find(tenant, row.id()).await.unwrap();
            assert_eq!(found.as_ref().map(StoredClient::id), Some(row.id()));
            for (revision, blocked) in [(1, true), (2, false)] {
                let set = store.set_blocked(tenant, row.id(), blocked).await.unwrap();
                assert_eq!(set, BlockOutcome::Written { revision });
            }
            let gone = row.id().clone();
            match round {
                0 => {
                    let removed = store.remove(tenant, &gone).await.unwrap();
                    assert_eq!(removed, RemoveOutcome::Removed);
                }
                1 => {
                    let new = Insertion::new(client(&record(tenant, "new", 0)));
                    let max = std::num::NonZeroU64::new(2);
                    let outcome = store.insert(new.max_clients(max)).await.unwrap();
                    let removed = vec![gone];
                    assert_eq!(outcome, InsertOutcome::Inserted { removed });
                    store.remove(tenant, &id("new")).await.unwrap();
                }
                _ => {
                    let sweep = Sweep::new().unused_before(moment(1));
                    assert_eq!(store.sweep(tenant, sweep).await.unwrap(), [gone]);
                }
            }
            assert_eq!(fixture.names(None, 9).await, ["~"]);
            store.remove(tenant, &id("~")).await.unwrap();
        }
    }
}
