//! Provokes every kind of event, with marked text wherever a client can put text.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use oauth_dcr::{
    BackendError, MarkOutcome, Owner, PeerAddress, Registrar, RegistrarBuilder,
    RegistrationEndpoint, RegistrationRequest, TenantId, Tenants,
    endpoint::{HeadDecision, RegistrationBody},
    registration::{InitialAccess, InitialAccessOutcome},
    tenants::TenantSelector,
    types::{ErrorRedirectPolicy, SecretDigest},
};
use serde_json::{Value, json};

use crate::{
    faulty_store::FaultyStore,
    support::{
        broken::{Constant, Failing},
        clock::ManualClock,
        fixture::id_of,
    },
};

/// The text that a client sends in every free place.
pub(crate) const CANARY: &str = "Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2F";

/// The secret of one client: 32 bytes of `m`.
pub(crate) const SECRET: &str = "bW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW0";

/// Whether `shown` contains the secret or its digest.
pub(crate) fn contains_secret(shown: &str) -> bool {
    let tagged = SecretDigest::of(SECRET).to_tagged();
    let digest = tagged.strip_prefix("sha256:").unwrap();
    [SECRET, digest, "SecretDigest(["]
        .iter()
        .any(|it| shown.contains(it))
}

/// The source of every request.
pub(crate) const SOURCE: &str = "203.0.113.5";

/// A day, in milliseconds.
const DAY: u64 = 86_400_000;

type Wire<'a> = &'a dyn Fn(RegistrarBuilder) -> RegistrarBuilder;

/// Provokes every kind of event, with sinks added by `wire`.
pub(crate) async fn provoke(wire: Wire<'_>) {
    let clock = Arc::new(ManualClock::new());
    let tenants = || Tenants::from_json(&settings().to_string()).unwrap();
    let begin = |store: FaultyStore| {
        let builder = Registrar::builder(store).tenants(tenants());
        wire(builder.clock(Arc::clone(&clock)))
    };
    register_and_refuse(begin(FaultyStore::default()).build().unwrap(), &clock).await;
    act_as_owner(&begin(FaultyStore::default()).build().unwrap(), &clock).await;
    let ahead = begin(FaultyStore {
        clock: Some(Arc::new(ManualClock::new())),
        ..FaultyStore::default()
    });
    clock.set_millis(DAY);
    ahead.build().unwrap().store_time().await.unwrap();
    clock.set_millis(0);
    find_unreadable_client(
        &begin(FaultyStore {
            truncates: true,
            ..FaultyStore::default()
        })
        .build()
        .unwrap(),
    )
    .await;
    gate(
        begin(FaultyStore::default())
            .initial_access(Gate)
            .build()
            .unwrap(),
    )
    .await;
    for failing in [
        begin(FaultyStore::failing()),
        begin(FaultyStore::default()).tenants(Failing),
        begin(FaultyStore::default()).random(Failing),
        begin(FaultyStore {
            taken_ids: usize::MAX,
            ..FaultyStore::default()
        }),
    ] {
        assert_eq!(
            send(&failing.build().unwrap(), "open", &public()).await.0,
            503
        );
    }
    let failing = begin(FaultyStore::default()).limiter(Failing);
    assert_eq!(
        send(&failing.build().unwrap(), "narrow", &public()).await.0,
        503
    );
    let marked = begin(FaultyStore::default())
        .random(Constant(b'm'))
        .build()
        .unwrap();
    let (_, answer) = send(&marked, "open", &confidential()).await;
    assert_eq!(answer["client_secret"], SECRET);
}

fn settings() -> Value {
    let rule = |description: &str, priority: u32, action: &Value| {
        json!({
            "id": format!("acl_{priority}"),
            "description": description,
            "active": true,
            "priority": priority,
            "rule": {
                "action": action, "match": { "ipv4_cidrs": ["0.0.0.0/0"] }, "scope": "dcr",
            },
        })
    };
    let country = |description: &str, priority: u32, action: &Value| {
        let mut rule = rule(description, priority, action);
        rule["rule"]["match"] = json!({ "geo_country_codes": ["SE"] });
        rule
    };
    let unknown = |id: &str, settings: &Value| {
        let mut tenant = settings.clone();
        tenant["id"] = id.into();
        tenant["hosts"] = json!([id]);
        tenant["registration"] = json!({ "enabled": true, "rate_limit": null });
        tenant
    };
    let mut would_allow = rule("would allow", 4, &json!({ "allow": true, "log": true }));
    would_allow.as_object_mut().unwrap().remove("id");
    let elsewhere = "https://elsewhere.example/";
    let tenant = |id: &str, registration: Value, acl: Value| {
        let mut registration = registration;
        registration["enabled"] = (id != "off").into();
        let is_narrow = id == "narrow";
        registration["rate_limit"] = if is_narrow {
            json!({ "per_second": 1, "burst": 1 })
        } else {
            Value::Null
        };
        json!({ "id": id, "hosts": [id], "registration": registration, "acl": acl })
    };
    let mut watches_too = country("watches it too", 1, &json!({ "log": true }));
    watches_too.as_object_mut().unwrap().remove("id");
    json!({ "tenants": [
        tenant("open", json!({ "remove_unused_after_seconds": 60, "max_body_bytes": 4096 }), json!([])),
        tenant("off", json!({}), json!([])),
        tenant("narrow", json!({}), json!([])),
        tenant("noisy", json!({ "rate_limit_per_source": { "per_hour": 1, "burst": 1 } }), json!([])),
        tenant("small", json!({ "max_clients": 1 }), json!([])),
        tenant("limited", json!({ "max_clients_per_user": 1 }), json!([])),
        tenant("folding", json!({ "fold_identical": true }), json!([])),
        tenant("permissive", json!({ "security_mode": "permissive" }), json!([])),
        tenant("monitored", json!({}), json!([
            rule("would block", 1, &json!({ "block": true, "log": true })),
            rule("would send away", 2, &json!({
                "redirect": true, "redirect_uri": elsewhere, "log": true,
            })),
            rule("only reports", 3, &json!({ "log": true })),
            would_allow,
        ])),
        tenant("blocked", json!({}), json!([rule("no visitors", 1, &json!({ "block": true }))])),
        tenant("moved", json!({}), json!([
            rule("visitors go elsewhere", 1, &json!({
                "redirect": true, "redirect_uri": elsewhere,
            })),
        ])),
        unknown("unreadable", &json!({
            "trusted_proxies": [SOURCE], "forwarded_header": "forwarded",
            "signal_headers": { "geo_country_code": "x-country" },
            "acl": [
                country("watches a country", 1, &json!({ "log": true })),
                watches_too,
                country("one country only", 2, &json!({ "block": true })),
            ],
        })),
        unknown("hidden", &json!({
            "trusted_proxies": [SOURCE],
            "acl": [rule("no visitors", 1, &json!({ "block": true }))],
        })),
    ] })
}

fn public() -> Value {
    json!({
        "redirect_uris": [format!("https://app.example.com/{CANARY}")],
        "client_name": format!("Agent {CANARY}"),
        "software_id": CANARY,
        "token_endpoint_auth_method": "none",
    })
}

fn confidential() -> Value {
    let mut body = public();
    body["token_endpoint_auth_method"] = "client_secret_post".into();
    body
}

fn request(host: &str, body: &Value) -> Request<Vec<u8>> {
    let request = Request::post(format!("https://{host}/oidc/register?{CANARY}"))
        .header("content-type", "application/json")
        .header("user-agent", CANARY)
        .header("x-country", CANARY)
        .header("x-forwarded-for", CANARY)
        .extension(PeerAddress(SOURCE.parse().unwrap()));
    request.body(body.to_string().into()).unwrap()
}

async fn answer(registrar: &Registrar, request: Request<Vec<u8>>) -> (u16, Value) {
    let endpoint = RegistrationEndpoint::new(registrar.clone());
    read(&endpoint.respond(request).await)
}

fn read(response: &Response<Bytes>) -> (u16, Value) {
    let body = serde_json::from_slice(response.body()).unwrap_or_default();
    (response.status().as_u16(), body)
}

pub(crate) async fn send(registrar: &Registrar, host: &str, body: &Value) -> (u16, Value) {
    answer(registrar, request(host, body)).await
}

/// How an incomplete body ends.
type End = fn(RegistrationBody) -> Response<Bytes>;

/// The outcomes of registrations that need no broken port.
async fn register_and_refuse(registrar: Registrar, clock: &ManualClock) {
    for (host, body, status) in [
        ("open", public(), 201),
        ("open", confidential(), 201),
        ("permissive", public(), 201),
        ("permissive", confidential(), 201),
        ("folding", public(), 201),
        ("folding", public(), 201),
        ("monitored", public(), 201),
        ("narrow", public(), 201),
        ("narrow", public(), 429),
        ("noisy", public(), 201),
        ("noisy", public(), 429),
        ("elsewhere", public(), 404),
        ("off", public(), 403),
        ("blocked", public(), 403),
        ("moved", public(), 302),
        ("unreadable", public(), 403),
        ("hidden", public(), 403),
        ("open", json!([CANARY]), 400),
        (
            "open",
            json!({ "redirect_uris": ["https://a.example/", CANARY] }),
            400,
        ),
        ("open", json!({ "redirect_uris": [], CANARY: CANARY }), 400),
        ("open", json!({ "x": CANARY.repeat(100) }), 413),
    ] {
        assert_eq!(
            send(&registrar, host, &body).await.0,
            status,
            "{host} {body}"
        );
    }
    let mut without_peer = request("blocked", &public());
    without_peer.extensions_mut().remove::<PeerAddress>();
    assert_eq!(answer(&registrar, without_peer).await.0, 503);
    let mut two_hosts = request("open", &public());
    for host in ["open", CANARY] {
        two_hosts
            .headers_mut()
            .append("host", host.parse().unwrap());
    }
    assert_eq!(answer(&registrar, two_hosts).await.0, 400);
    let (mut get, mut options, mut preflight, mut form) = (
        request("open", &public()),
        request("open", &public()),
        request("open", &public()),
        request("open", &public()),
    );
    *get.method_mut() = http::Method::GET;
    *options.method_mut() = http::Method::OPTIONS;
    *preflight.method_mut() = http::Method::OPTIONS;
    let asks = [
        ("origin", "https://page.example"),
        ("access-control-request-method", "POST"),
    ];
    for (name, value) in asks {
        let headers = preflight.headers_mut();
        headers.insert(name, value.parse().unwrap());
    }
    form.headers_mut()
        .insert("content-type", "text/plain".parse().unwrap());
    assert_eq!(answer(&registrar, get).await.0, 405);
    assert_eq!(answer(&registrar, options).await.0, 204);
    assert_eq!(answer(&registrar, preflight).await.0, 204);
    assert_eq!(answer(&registrar, form).await.0, 415);
    let ends: [(End, u16); 2] = [
        (RegistrationBody::abandon, 400),
        (RegistrationBody::time_out, 408),
    ];
    for (end, status) in ends {
        let (head, _) = request("open", &public()).into_parts();
        let endpoint = RegistrationEndpoint::new(registrar.clone());
        match endpoint.open(&head).await {
            HeadDecision::ReadBody(body) => assert_eq!(read(&end(body)).0, status),
            HeadDecision::Respond(response) => panic!("{response:?}"),
        }
    }
    // The only client of a small tenant is evicted unless it is in use.
    send(&registrar, "small", &public()).await;
    let (_, second) = send(&registrar, "small", &public()).await;
    let owner_of_small = registrar.owner(TenantSelector::Host(Some("small")));
    let owner_of_small = owner_of_small.await.unwrap();
    let (small, id) = (owner_of_small.settings(), id_of(&second));
    let marking = registrar.mark_used(small, &id, None, None);
    let evicted = Vec::new();
    assert_eq!(marking.await.unwrap(), MarkOutcome::Marked { evicted });
    assert_eq!(send(&registrar, "small", &public()).await.0, 403);
    exceed_user_limit(&registrar).await;
    clock.set_millis(DAY);
    assert!(!owner(&registrar).await.sweep(100).await.unwrap().is_empty());
}

/// One user uses two clients where one is allowed.
async fn exceed_user_limit(registrar: &Registrar) {
    let owner = registrar.owner(TenantSelector::Host(Some("limited")));
    let owner = owner.await.unwrap();
    let (_, first) = send(registrar, "limited", &public()).await;
    let (_, second) = send(registrar, "limited", &public()).await;
    for (answer, evicted) in [(&first, vec![]), (&second, vec![id_of(&first)])] {
        let id = id_of(answer);
        let marking = registrar.mark_used(owner.settings(), &id, None, Some(CANARY));
        assert_eq!(marking.await.unwrap(), MarkOutcome::Marked { evicted });
    }
}

/// The actions of a tenant's owner.
async fn act_as_owner(registrar: &Registrar, clock: &ManualClock) {
    let (_, answer) = send(registrar, "open", &confidential()).await;
    let (id, owner) = (id_of(&answer), owner(registrar).await);
    clock.set_millis(2 * DAY);
    let client = owner.find(&id).await.unwrap();
    let new = RegistrationRequest::from_json(confidential().to_string().as_bytes()).unwrap();
    owner.update(&client, new).await.unwrap();
    owner
        .rotate_secret(&id, std::time::Duration::ZERO)
        .await
        .unwrap();
    owner.block(&id).await.unwrap();
    owner.unblock(&id).await.unwrap();
    let policy = ErrorRedirectPolicy::AllowAlways;
    owner.set_error_redirect_policy(&id, policy).await.unwrap();
    owner.delete(&id).await.unwrap();
}

/// Looks up a client whose record is unreadable.
async fn find_unreadable_client(registrar: &Registrar) {
    let (_, answer) = send(registrar, "open", &confidential()).await;
    let (open, id) = (TenantId::parse("open").unwrap(), id_of(&answer));
    registrar.find(&open, &id).await.unwrap_err();
}

async fn owner(registrar: &Registrar) -> Owner {
    let open = TenantId::parse("open").unwrap();
    registrar.owner(TenantSelector::Id(&open)).await.unwrap()
}

/// Accepts no token.
struct Gate;

impl InitialAccess for Gate {
    async fn verify(
        &self,
        _: &TenantId,
        _: Option<&str>,
    ) -> Result<InitialAccessOutcome, BackendError> {
        Ok(InitialAccessOutcome::Refused)
    }
}

async fn gate(registrar: Registrar) {
    assert_eq!(send(&registrar, "open", &public()).await.0, 401);
    let guess = || {
        let mut guess = request("open", &public());
        let bearer = format!("Bearer {CANARY}").parse().unwrap();
        guess.headers_mut().insert("authorization", bearer);
        guess
    };
    for _ in 0..10 {
        assert_eq!(answer(&registrar, guess()).await.0, 401);
    }
    assert_eq!(answer(&registrar, guess()).await.0, 429);
}
