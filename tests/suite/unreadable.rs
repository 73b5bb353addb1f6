//! Clients with unreadable records, through the library: what callers get, and what the owner can
//! still do.

use std::{error::Error as _, time::Duration};

use oauth_dcr::{
    Client, ClientId, OwnerError, RegistrationRequest, TenantId,
    client::{StoredClient, UnreadableClient},
    settings::RegistrationSettings,
    sqlite::SqliteStore,
    store::ClientStore as _,
    types::ErrorRedirectPolicy,
};
use proptest::{prelude::*, sample};
use serde_json::{Value, json};
use sqlx::{ConnectOptions as _, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    properties::almost_uri,
    support::fixture::{Fixture, id_of},
    temporary::TemporaryDir,
};

const REASON: &str = "it is not the JSON of a client, at line 1, column 6";

/// A tenant whose clients are in a file that the test can write to.
struct SqliteFixture {
    fixture: Fixture<SqliteStore>,
    file: SqliteConnection,
    _dir: TemporaryDir,
}

impl SqliteFixture {
    async fn new(registration: Value) -> Self {
        let dir = TemporaryDir::new();
        let path = dir.path().join("clients");
        let store = SqliteStore::open(&path).await.unwrap();
        let options = SqliteConnectOptions::new().filename(&path);
        Self {
            fixture: Fixture::with_store(store, registration),
            file: options.connect().await.unwrap(),
            _dir: dir,
        }
    }

    /// Registers a client, replaces its record by `record`, and returns the original.
    async fn broken(&mut self) -> (ClientId, String) {
        let id = id_of(&self.fixture.register(&public("App")).await);
        let sql = "SELECT record FROM oauth_dcr_clients WHERE client_id = ?";
        let record = sqlx::query_scalar(sql).bind(id.as_str());
        let record = record.fetch_one(&mut self.file).await.unwrap();
        self.write(&id, "{\"vers").await;
        self.fixture.events();
        (id, record)
    }

    async fn write(&mut self, id: &ClientId, record: &str) {
        let sql = "UPDATE oauth_dcr_clients SET record = ? WHERE client_id = ?";
        let write = sqlx::query(sql).bind(record).bind(id.as_str());
        write.execute(&mut self.file).await.unwrap();
    }
}

fn public(name: &str) -> Value {
    json!({
        "client_name": name,
        "redirect_uris": ["https://app.example.com/callback"],
        "token_endpoint_auth_method": "none",
    })
}

fn tenant() -> TenantId {
    TenantId::parse("t1").unwrap()
}

#[tokio::test]
async fn page_names_unreadable_clients() {
    let mut sqlite = SqliteFixture::new(json!({})).await;
    let mut names = Vec::new();
    for name in ["first", "second", "third"] {
        names.push(id_of(&sqlite.fixture.register(&public(name)).await));
    }
    let (broken, _) = sqlite.broken().await;
    let owner = sqlite.fixture.owner().await;
    let page = owner.list(None, 10).await.unwrap();
    let mut readable: Vec<_> = page.clients.iter().map(|it| it.id().clone()).collect();
    readable.sort();
    names.sort();
    assert_eq!(readable, names);
    let expected = UnreadableClient::new(broken.clone(), REASON);
    assert_eq!(page.unreadable, [expected]);
    assert_eq!(page.next, None);
    // If pages are read in sequence, the client is listed once, and the pages continue after it.
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = owner.list(after.as_ref(), 1).await.unwrap();
        assert_eq!(page.clients.len() + page.unreadable.len(), 1);
        seen.extend(page.clients.iter().map(|it| it.id().clone()));
        seen.extend(page.unreadable.iter().map(|it| it.id().clone()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    names.push(broken);
    names.sort();
    assert_eq!(seen, names);
    // Listing is not an event.
    assert_eq!(sqlite.fixture.events(), [""; 0]);
}

#[tokio::test]
async fn calls_that_need_an_unreadable_record_name_it() {
    let mut sqlite = SqliteFixture::new(json!({})).await;
    let read = sqlite.fixture.register(&public("Other")).await;
    let read = sqlite.fixture.stored(&read).await.unwrap();
    let (id, record) = sqlite.broken().await;
    let stored: Client = serde_json::from_str(&record).unwrap();
    let owner = sqlite.fixture.owner().await;
    let request = RegistrationRequest::new(["https://app.example.com/new"]);
    let policy = ErrorRedirectPolicy::AllowAlways;
    let errors = [
        owner.find(&id).await.map(|_| ()),
        owner.update(&stored, request).await.map(|_| ()),
        owner.rotate_secret(&id, Duration::ZERO).await.map(|_| ()),
        owner
            .set_error_redirect_policy(&id, policy)
            .await
            .map(|_| ()),
    ];
    for error in errors {
        let Err(OwnerError::Unreadable(client)) = error else {
            panic!("{error:?}");
        };
        assert_eq!(client, UnreadableClient::new(id.clone(), REASON));
    }
    assert_eq!(sqlite.fixture.kinds_of_events(), ["Unreadable"; 4]);
    // The next client is unchanged.
    let policy_of_other = owner.set_error_redirect_policy(read.id(), policy).await;
    assert_eq!(policy_of_other.unwrap().error_redirect_policy(), policy);
}

#[tokio::test]
async fn unreadable_client_is_not_reported_as_unknown() {
    let mut sqlite = SqliteFixture::new(json!({})).await;
    let (id, record) = sqlite.broken().await;
    let registrar = sqlite.fixture.registrar.clone();
    let error = registrar.find(&tenant(), &id).await.unwrap_err();
    let source = error.source().unwrap();
    let unreadable = source.downcast_ref::<UnreadableClient>();
    assert_eq!(unreadable, Some(&UnreadableClient::new(id.clone(), REASON)));
    let events = sqlite.fixture.events();
    let [event] = &events[..] else {
        panic!("{events:?}");
    };
    assert!(event.starts_with("Unreadable {"), "{event}");
    for text in ["t1", id.as_str(), REASON] {
        assert!(event.contains(text), "{event}");
    }
    sqlite.write(&id, &record).await;
    let found = registrar.find(&tenant(), &id).await.unwrap();
    assert_eq!(
        found.as_deref(),
        serde_json::from_str(&record).ok().as_ref()
    );
    assert_eq!(sqlite.fixture.events(), [""; 0]);
}

#[tokio::test]
async fn owner_can_block_an_unreadable_client() {
    let mut sqlite = SqliteFixture::new(json!({ "remove_unused_after_seconds": 60 })).await;
    let (id, record) = sqlite.broken().await;
    let owner = sqlite.fixture.owner().await;
    owner.block(&id).await.unwrap();
    assert_eq!(sqlite.fixture.kinds_of_events(), ["Changed Blocked"]);
    // A blocked client is not swept.
    sqlite.fixture.set_hour(1);
    assert_eq!(owner.sweep(100).await.unwrap(), []);
    // It is still blocked once it can be read again, although the record does not say so.
    sqlite.write(&id, &record).await;
    let client = owner.find(&id).await.unwrap();
    assert_eq!((client.is_blocked(), client.revision()), (true, 1));
    let mut as_it_was: Value = serde_json::from_str(&record).unwrap();
    (as_it_was["blocked"], as_it_was["revision"]) = (true.into(), 1.into());
    assert_eq!(serde_json::to_value(&*client).unwrap(), as_it_was);
    sqlite.write(&id, "").await;
    owner.unblock(&id).await.unwrap();
    assert_eq!(sqlite.fixture.kinds_of_events(), ["Changed Unblocked"]);
    sqlite.write(&id, &record).await;
    let client = owner.find(&id).await.unwrap();
    assert_eq!((client.is_blocked(), client.revision()), (false, 2));
}

#[tokio::test]
async fn owner_can_remove_an_unreadable_client() {
    let mut sqlite = SqliteFixture::new(json!({ "remove_unused_after_seconds": 60 })).await;
    let (deleted, _) = sqlite.broken().await;
    let (swept, _) = sqlite.broken().await;
    let owner = sqlite.fixture.owner().await;
    owner.delete(&deleted).await.unwrap();
    assert_eq!(sqlite.fixture.kinds_of_events(), ["Removed Deleted"]);
    sqlite.fixture.set_hour(1);
    assert_eq!(
        owner.sweep(100).await.unwrap(),
        std::slice::from_ref(&swept)
    );
    assert_eq!(sqlite.fixture.kinds_of_events(), ["Removed Swept"]);
    for id in [deleted, swept] {
        let found = owner.find(&id).await;
        assert!(matches!(found, Err(OwnerError::UnknownClient)), "{found:?}");
    }
}

#[tokio::test]
async fn an_unreadable_client_can_be_evicted() {
    let mut sqlite = SqliteFixture::new(json!({ "max_clients": 1 })).await;
    let (broken, _) = sqlite.broken().await;
    let new = id_of(&sqlite.fixture.register(&public("New")).await);
    assert_eq!(
        sqlite.fixture.kinds_of_events(),
        ["Removed Evicted", "Registered"]
    );
    let page = sqlite.fixture.owner().await.list(None, 10).await.unwrap();
    assert_ne!(new, broken);
    assert_eq!((page.clients.len(), page.unreadable.len()), (1, 0));
}

#[tokio::test]
async fn duplicate_of_an_unreadable_client_gets_503() {
    let mut sqlite = SqliteFixture::new(json!({ "fold_identical": true })).await;
    let (id, record) = sqlite.broken().await;
    let (status, answer) = sqlite.fixture.send(public("App").to_string()).await;
    assert_eq!(
        (status, &answer["error"]),
        (503, &json!("temporarily_unavailable"))
    );
    assert_eq!(sqlite.fixture.kinds_of_events(), ["Unreadable", "Refused"]);
    // A different client registers, and the duplicate was not stored.
    sqlite.fixture.register(&public("Other")).await;
    let page = sqlite.fixture.owner().await.list(None, 10).await.unwrap();
    assert_eq!((page.clients.len(), page.unreadable.len()), (1, 1));
    sqlite.write(&id, &record).await;
    assert_eq!(id_of(&sqlite.fixture.register(&public("App")).await), id);
}

/// Members whose texts are for people. No rule for them may make a stored client unreadable.
const TEXTS: [&str; 5] = [
    "client_name",
    "client_name#fr",
    "contacts",
    "software_id",
    "software_version",
];

const URIS: [&str; 5] = [
    "redirect_uris",
    "client_uri",
    "logo_uri#fr",
    "policy_uri",
    "tos_uri",
];

fn with(member: &str, text: &str) -> Value {
    let mut body = public("App");
    body[member] = match member {
        "contacts" | "redirect_uris" => json!([text]),
        _ => json!(text),
    };
    body
}

/// The value that a registration with this text stores today.
fn accepted(member: &str, text: &str) -> Option<Value> {
    let body = with(member, text).to_string();
    let request = RegistrationRequest::from_json(body.as_bytes()).ok()?;
    let metadata = request.apply(&RegistrationSettings::default()).ok()?;
    serde_json::to_value(&metadata)
        .unwrap()
        .get(member)
        .cloned()
}

/// The row of a client that was registered with this text.
fn row(member: &str, text: &str) -> StoredClient {
    let record = json!({
        "version": 1, "tenant": "t1", "client_id": "tpc_1", "issued_at": 0,
        "security_mode": "strict", "metadata": with(member, text),
    });
    let id = ClientId::parse("tpc_1").unwrap();
    StoredClient::from_record(&tenant(), &id, record.to_string().as_bytes(), false, 0)
}

/// Texts that are mostly refused.
fn bad_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        any::<String>(),
        any::<char>().prop_map(String::from),
        sample::select(vec![
            "\0",
            "\n",
            "\u{202e}",
            "\u{2066}",
            "\u{e000}",
            "\u{378}",
            "\u{10ffff}",
            "\u{feff}",
            "\u{fdfa}",
            "<b>",
            " ",
            "\u{301}",
            "\u{7f}",
            "\u{fffe}",
        ])
        .prop_map(str::to_owned),
    ];
    let parts = proptest::collection::vec(part, 1..9);
    (parts, sample::select(vec![1, 1, 200])).prop_map(|(parts, times)| parts.concat().repeat(times))
}

proptest! {
    #![proptest_config(crate::properties::config())]

    #[test]
    fn stored_text_is_read_despite_stricter_rules(
        member in sample::select(TEXTS.to_vec()), text in bad_text(),
    ) {
        let row = row(member, &text);
        prop_assert!(matches!(row, StoredClient::Readable(_)), "{member} {text:?}: {row:?}");
    }

    #[test]
    fn bad_stored_uris_are_named_in_the_error(
        member in sample::select(URIS.to_vec()), text in prop_oneof![almost_uri(), bad_text()],
    ) {
        match row(member, &text) {
            StoredClient::Readable(client) => {
                let metadata = serde_json::to_value(client.metadata()).unwrap();
                prop_assert_eq!(&metadata[member], &with(member, &text)[member]);
            }
            StoredClient::Unreadable(row) => {
                prop_assert_eq!(accepted(member, &text), None, "{}", row);
                let field = member.split('#').next().unwrap();
                prop_assert!(row.reason().starts_with(field), "{row}");
            }
        }
    }
}

/// The same texts, written into a file by hand: all rows are on the owner's pages.
#[tokio::test]
async fn no_text_hides_a_row_from_its_page() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut take = |texts: BoxedStrategy<String>| {
        proptest::strategy::ValueTree::current(&texts.new_tree(&mut runner).unwrap())
    };
    let mut sqlite = SqliteFixture::new(json!({})).await;
    let (mut texts, mut refused) = (0, 0);
    for number in 0..40 {
        for members in [TEXTS, URIS] {
            let is_text = members == TEXTS;
            let member = members[number % members.len()];
            let text = take(if is_text {
                bad_text().boxed()
            } else {
                almost_uri().boxed()
            });
            let (id, record) = sqlite.broken().await;
            let mut record: Value = serde_json::from_str(&record).unwrap();
            record["metadata"][member] = with(member, &text)[member].clone();
            sqlite.write(&id, &record.to_string()).await;
            let found = sqlite
                .fixture
                .store
                .find(&tenant(), &id)
                .await
                .unwrap()
                .unwrap();
            assert!(
                !is_text || matches!(found, StoredClient::Readable(_)),
                "{text:?}"
            );
            texts += 1;
            refused += usize::from(is_text && accepted(member, &text).is_none());
        }
    }
    assert!(refused > 10, "{refused} of {texts} texts are refused");
    let page = sqlite.fixture.owner().await.list(None, 1000).await.unwrap();
    assert_eq!(page.clients.len() + page.unreadable.len(), texts);
    assert!(!page.unreadable.is_empty() && page.clients.len() > 40);
}
