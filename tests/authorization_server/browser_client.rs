//! A page of another origin that is an OAuth client, and the limits that Chromium sets.
//!
//! Pictures of the page are in `target/screenshots`.

use std::path::Path;

use oauth_dcr::{TenantId, sqlite::SqliteStore, store::ClientStore as _};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::{
    chromium::{assert_is_picture, drive, screenshots},
    example_server::ExampleServer,
    site::{Exchange, Site},
    temporary::TemporaryDir,
};

const REGISTRATION: &str = "/oidc/register";

/// The parts of the answers that the page can read, and the parts that the browser hides.
const ALL_THE_WAY: [(&str, &str); 11] = [
    ("discover", "200"),
    ("register", "201"),
    ("consent", "back"),
    ("exchange", "200"),
    ("refresh", "200"),
    ("items", "200"),
    ("wrongUri", "400"),
    ("cookies", "blocked"),
    ("unasked", "415"),
    ("wrongToken", "401"),
    ("tooOften", "429"),
];

/// The same if the page's origin is not listed: only registration is closed to it.
const NOT_LISTED: [(&str, &str); 7] = [
    ("discover", "200"),
    ("register", "blocked"),
    ("wrongUri", "blocked"),
    ("cookies", "blocked"),
    ("unasked", "blocked"),
    ("wrongToken", "401"),
    ("tooOften", "blocked"),
];

/// A tenant with these further settings, and with an API that soon reaches its rate limit.
fn tenant(mut registration: Value) -> Value {
    let api = "https://items.example";
    registration["enabled"] = true.into();
    registration["rate_limit"] = json!({ "per_second": 1, "burst": 5 });
    json!({ "tenants": [{
        "id": "acme",
        "registration": registration,
        "apis": [{ "identifier": api, "scopes": ["read:items", "write:items"] }],
        "client_grants": [{ "default_for": "third_party_clients", "audience": api,
                            "scope": ["read:items"] }],
        "connections": [{ "name": "google", "is_domain_connection": true }],
    }] })
}

/// What the page recorded, and what the browser reported.
struct Seen(Value);

impl Seen {
    /// A person starts the page's connection to the server, signs in there and approves.
    async fn of(page: &Site, server: &Site, name: &'static str) -> Self {
        let url = format!("{}/?server={}", page.origin, server.origin);
        let folder = screenshots();
        let seen = spawn_blocking(move || {
            let arguments = [url.as_ref(), folder.as_ref(), name.as_ref()];
            drive("browser_client.mjs", arguments)
        });
        let seen = Self(seen.await.unwrap());
        for picture in ["", "-400", "-dark"] {
            assert_is_picture(&screenshots(), &format!("{name}{picture}"));
        }
        assert_eq!(seen.0["isTooWide"], false);
        seen
    }

    #[track_caller]
    fn assert_outcome(&self, outcome: &str, steps: &[(&str, &str)]) {
        let status = |step: &Value| match &step["status"] {
            Value::String(text) => text.clone(),
            number => number.to_string(),
        };
        let of_page = self.0["steps"].as_object().unwrap();
        let mut of_page: Vec<_> = of_page.iter().map(|(id, it)| (&**id, status(it))).collect();
        let mut wanted: Vec<_> = steps
            .iter()
            .map(|(id, it)| (*id, (*it).to_owned()))
            .collect();
        of_page.sort();
        wanted.sort();
        assert_eq!(of_page, wanted, "{:#}", self.0);
        assert_eq!(self.0["outcome"], outcome);
    }

    /// A member of the answer to a step.
    fn body(&self, step: &str, member: &str) -> &Value {
        &self.0["steps"][step]["body"][member]
    }

    /// How often the page registers at once to reach the rate limit.
    fn times(&self) -> usize {
        let times = &self.0["steps"]["tooOften"]["times"];
        times.as_u64().unwrap().try_into().unwrap()
    }

    /// A header of the answer to a step, if the browser lets scripts read it.
    fn header(&self, step: &str, name: &str) -> Option<&str> {
        self.0["steps"][step]["headers"][name].as_str()
    }

    /// How often the browser reported that it stopped the page for this reason.
    fn stops(&self, reason: &str) -> usize {
        let lines = self.0["complaints"].as_array().unwrap().iter();
        let lines = lines.map(|line| line.as_str().unwrap());
        lines
            .filter(|line| line.contains("blocked by CORS policy") && line.contains(reason))
            .count()
    }
}

/// The requests at the registration endpoint: method, and status of the answer.
fn registrations(exchanges: &[Exchange]) -> Vec<(&str, u16)> {
    let of_endpoint = exchanges.iter().filter(|it| it.path == REGISTRATION);
    of_endpoint
        .map(|it| (it.method.as_str(), it.answer.status))
        .collect()
}

/// Scripts sent no cookie, although the browser had one that it sent with each navigation.
#[track_caller]
fn assert_only_people_had_cookies(page: &Site, exchanges: &[Exchange]) {
    let (of_script, of_person): (Vec<_>, Vec<_>) =
        exchanges.iter().partition(|it| it.is_of_script());
    for exchange in of_script {
        assert_eq!(exchange.header("origin"), Some(&*page.origin));
        assert_eq!(exchange.header("cookie"), None, "{exchange:?}");
        let credentials = exchange.answer.header("access-control-allow-credentials");
        assert_eq!(credentials, None, "{exchange:?}");
    }
    for exchange in of_person {
        let cookies = exchange.header("cookie").unwrap_or_default();
        assert!(cookies.contains("planted=here"), "{exchange:?}");
    }
}

async fn clients(file: &Path) -> usize {
    let store = SqliteStore::open(file).await.unwrap();
    let acme = TenantId::parse("acme").unwrap();
    store.list(&acme, None, 1_000).await.unwrap().len()
}

#[tokio::test]
async fn a_page_of_any_origin_reaches_the_api() {
    let behind = ExampleServer::start_with(Some(&tenant(json!({}))), &[]);
    let (page, server) = (Site::with_page().await, Site::before(&behind.base).await);
    let seen = Seen::of(&page, &server, "browser-client").await;

    seen.assert_outcome("done", &ALL_THE_WAY);
    let callback = format!("{}/callback", page.origin);
    assert_eq!(seen.0["address"], callback, "the address has no code");
    assert_eq!(seen.body("discover", "issuer"), &server.origin);
    let client_id = seen.body("register", "client_id");
    assert_eq!(seen.body("register", "redirect_uris"), &json!([callback]));
    assert_eq!(seen.body("register", "client_secret"), &Value::Null);
    assert_eq!(seen.header("register", "x-ratelimit-limit"), Some("5"));
    assert_eq!(seen.header("register", "x-ratelimit-remaining"), Some("4"));
    assert!(seen.header("register", "x-ratelimit-reset").is_some());
    let scope = "read:items offline_access";
    assert_eq!(seen.body("exchange", "scope"), scope);
    for token in ["access_token", "refresh_token"] {
        let (first, second) = (seen.body("exchange", token), seen.body("refresh", token));
        assert!(first.is_string() && second.is_string() && first != second);
    }
    assert_eq!(seen.body("items", "user"), "grace");
    assert_eq!(seen.body("items", "client_id"), client_id);

    assert_reports_errors(&seen);
    let exchanges = server.exchanges();
    assert_preflights_each_time(&exchanges, seen.times());
    assert_only_people_had_cookies(&page, &exchanges);
    assert_eq!(seen.stops("credentials mode is 'include'"), 1);
}

/// Errors, and the time to retry.
#[track_caller]
fn assert_reports_errors(seen: &Seen) {
    assert_eq!(seen.body("wrongUri", "error"), "invalid_redirect_uri");
    let detail = json!({ "field": "redirect_uris", "index": 1, "rule": "http_not_loopback" });
    assert_eq!(seen.body("wrongUri", "error_detail"), &detail);
    let detail = json!({ "rule": "unsupported_media_type" });
    assert_eq!(seen.body("unasked", "error_detail"), &detail);

    assert_eq!(seen.body("tooOften", "error"), "too_many_requests");
    assert_eq!(seen.header("tooOften", "x-ratelimit-remaining"), Some("0"));
    assert_eq!(seen.header("tooOften", "retry-after"), Some("1"));

    let challenge = seen.header("wrongToken", "www-authenticate").unwrap();
    assert!(challenge.contains("invalid_token"), "{challenge}");
}

/// The browser sent a preflight before each registration, including the failed ones, and cached no
/// permission, because a cached permission could outlive the list. Of the `times` requests at once,
/// some were over the quota.
#[track_caller]
fn assert_preflights_each_time(exchanges: &[Exchange], times: usize) {
    let registrations = registrations(exchanges);
    let (first, at_once) = registrations.split_at(6);
    let registered = [("OPTIONS", 204), ("POST", 201)];
    let wrong_uri = [("OPTIONS", 204), ("POST", 400)];
    let with_cookies_then_unasked = [("OPTIONS", 204), ("POST", 415)];
    let wanted = [registered, wrong_uri, with_cookies_then_unasked];
    assert_eq!(first, wanted.as_flattened());

    let count = |wanted| at_once.iter().filter(|it| **it == wanted).count();
    assert_eq!(count(("OPTIONS", 204)), times);
    let (admitted, refused) = (count(("POST", 201)), count(("POST", 429)));
    assert_eq!(admitted + refused, times, "{at_once:?}");
    assert_eq!(at_once.len(), 2 * times, "{at_once:?}");
    assert!(admitted > 0 && refused > 0, "{at_once:?}");

    for exchange in exchanges.iter().filter(|it| it.is_preflight()) {
        let answer = &exchange.answer;
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
}

#[tokio::test]
async fn a_page_of_an_unlisted_origin_registers_nothing() {
    let (listed, other) = (Site::with_page().await, Site::with_page().await);
    let settings = tenant(json!({ "allowed_origins": [listed.origin] }));
    let folder = TemporaryDir::new();
    let file = folder.path().join("clients.sqlite3");
    let store = format!("sqlite:{}", file.display());
    let behind = ExampleServer::start_with(Some(&settings), &["--store", &store]);
    let server = Site::before(&behind.base).await;

    let seen = Seen::of(&other, &server, "browser-client-not-listed").await;
    seen.assert_outcome("refused", &NOT_LISTED);
    let exchanges = server.exchanges();
    assert_only_people_had_cookies(&other, &exchanges);
    let not_permitted = ("OPTIONS", 204);
    let stopped = 4 + seen.times();
    let mut wanted = vec![not_permitted; stopped];
    // The request needs no permission and has no use.
    wanted[3] = ("POST", 415);
    assert_eq!(registrations(&exchanges), wanted);
    let stops = seen.stops("No 'Access-Control-Allow-Origin' header");
    assert_eq!(stops, stopped);
    assert_eq!(clients(&file).await, 0);

    let seen = Seen::of(&listed, &server, "browser-client-listed").await;
    seen.assert_outcome("done", &ALL_THE_WAY);
    assert_reports_errors(&seen);
    assert!(clients(&file).await > 0);
    for exchange in server.exchanges().iter().filter(|it| it.is_of_script()) {
        let allowed = exchange.answer.header("access-control-allow-origin");
        if exchange.path == REGISTRATION {
            let is_listed = exchange.header("origin") == Some(&listed.origin);
            assert_eq!(allowed, is_listed.then_some(&*listed.origin));
            assert_eq!(exchange.answer.header("vary"), Some("Origin"));
        } else {
            assert_eq!(allowed, Some("*"), "{exchange:?}");
        }
    }
}
