//! Properties of every input, tested with random inputs.

use std::{
    collections::HashSet,
    future::Future as _,
    task::{Context, Poll, Waker},
};

use fluent_uri::Uri;
use oauth_dcr::{
    MemoryStore, Registrar, RegistrationEndpoint, RegistrationRequest, TenantSettings,
    acl::Signals,
    redirect_uri::{AllowedScheme, RedirectUri, RedirectUriPolicy},
    settings::RegistrationSettings,
    tenants::TenantSelector,
    types::ClientName,
};
use proptest::{collection, prelude::*, sample, strategy::ValueTree as _, test_runner::TestRunner};
use serde_json::{Map, Value, json};

use crate::support::http::parts;

/// How many random inputs each property is tested with; `PROPTEST_CASES` can raise the number.
const CASES: u32 = 10_000;

pub(crate) fn config() -> ProptestConfig {
    let cases = ProptestConfig::default().cases.max(CASES);
    // A failing input is shown, and not written to the sources.
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// The most permissive policy.
pub(crate) fn wide_policy() -> RedirectUriPolicy {
    let mut policy = RedirectUriPolicy::native_agents();
    policy.single_label_hosts = true;
    policy.schemes.push(AllowedScheme::parse("a").unwrap());
    policy
}

/// Hosts near the border between accepted and refused hosts.
const HOSTS: [&str; 40] = [
    "127.0.0.1",
    "[::1]",
    "localhost",
    "app.example.com",
    "app.example.com",
    "app.example.com",
    "app.example.com:8443",
    "xn--bcher-kva.example.com",
    "App.Example.COM",
    "0x7f.1",
    "127.1",
    "2130706433",
    "[::ffff:127.0.0.1]",
    "[2001:db8::1]",
    "[0:0:0:0:0:0:0:1]",
    "xn--bcher-kva.example",
    "xn--a",
    "a_b.example",
    "a_b.example.com",
    "xn--a_b.example",
    "-a.example",
    "a..b",
    "a.example.",
    "1.2.3.4",
    "01.2.3.4",
    "1.2.3.4.5",
    "256.1.1.1",
    "intranet",
    "",
    "%61.example",
    "a b",
    "user@a.example",
    "\u{e4}.example",
    "a\u{3002}example",
    "[fe80::1%25eth0]",
    "1.2.3.0x4",
    "a.0x1",
    "example.1",
    "[::1",
    "*.example",
];

/// Texts near the border between redirect URIs and other texts: mostly valid parts, joined, with
/// occasional changes of a character.
pub(crate) fn almost_uri() -> impl Strategy<Value = String> {
    let scheme = sample::select(vec![
        "https",
        "https",
        "https",
        "HTTPS",
        "http",
        "http",
        "com.example.app",
        "cursor",
        "a",
        "javascript",
        "java.script",
        "file",
        "com..app",
        "com.-a",
        "x.y+z",
    ]);
    let slashes = sample::select(vec![
        "://", "://", "://", "://", "://", ":/", ":", ":///", ":\\\\", "//",
    ]);
    let host = sample::select(HOSTS.to_vec());
    let port = sample::select(vec![
        "", "", "", ":8080", ":443", ":80", ":0", ":", ":65536", ":08", ":a", ":65535",
    ]);
    let path = sample::select(vec![
        "",
        "/",
        "/cb",
        "/a/../b",
        "/a/%2e%2E/b",
        "/a/./b",
        "/a//b",
        "/a;b=c",
        "/%41",
        "/%",
        "/%zz",
        "/~a!$&'()*+,",
        "cb",
        "/a b",
        "/a\\b",
        "/\u{e4}",
        "/.",
        "/..",
        "/a/.b",
        "/%2e",
        "/:@",
    ]);
    let query = sample::select(vec![
        "", "", "", "?", "?a=b", "?a='b'", "?a=%20", "?a[]=1", "?*", "??",
    ]);
    let fragment = sample::select(vec!["", "", "", "", "#", "#a"]);
    let change = prop::option::weighted(0.3, (any::<sample::Index>(), any::<char>()));
    (scheme, slashes, host, port, path, query, fragment, change).prop_map(
        |(scheme, slashes, host, port, path, query, fragment, change)| {
            let text = format!("{scheme}{slashes}{host}{port}{path}{query}{fragment}");
            match change {
                None => text,
                Some((at, with)) => {
                    let mut chars: Vec<char> = text.chars().collect();
                    let at = at.index(chars.len());
                    chars[at] = with;
                    chars.into_iter().collect()
                }
            }
        },
    )
}

/// Texts near the border between names and other texts: white space, letters and combining marks,
/// and characters that are allowed only beside some others.
fn almost_name() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => sample::select("aZ9éㄱ天क\u{5d0}\u{645}👩🏴".chars().collect::<Vec<_>>()),
        2 => sample::select(" \t\n\u{a0}\u{2000}\u{3000}\u{2028}".chars().collect::<Vec<_>>()),
        2 => sample::select(
            "\u{301}\u{308}\u{323}\u{345}\u{94d}\u{93c}\u{5b8}\u{1161}\u{11a8}"
                .chars()
                .collect::<Vec<_>>()
        ),
        1 => sample::select(
            "\u{200c}\u{200d}\u{200e}\u{200f}\u{fe0f}\u{2800}\u{e0067}\u{e007f}"
                .chars()
                .collect::<Vec<_>>()
        ),
        1 => any::<char>(),
    ];
    collection::vec(character, 0..8).prop_map(String::from_iter)
}

/// Any JSON value, nested a few levels deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        almost_uri().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|members| members.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

const KNOWN: [&str; 15] = [
    "redirect_uris",
    "client_name",
    "token_endpoint_auth_method",
    "grant_types",
    "response_types",
    "application_type",
    "client_uri",
    "logo_uri",
    "policy_uri",
    "tos_uri",
    "contacts",
    "scope",
    "software_id",
    "software_version",
    "jwks",
];

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_accepted_uri_round_trips(text in almost_uri()) {
        let policy = wide_policy();
        if let Ok(uri) = RedirectUri::parse(text.as_str(), &policy) {
            prop_assert_eq!(uri.as_str(), &text);
            let again = RedirectUri::parse(uri.as_str(), &policy);
            prop_assert_eq!(again, Ok(uri));
        }
    }

    #[test]
    fn accepted_name_survives_a_round_trip(text in almost_name(), max in 1_usize..9) {
        if let Ok(Some(name)) = ClientName::parse(&text, max) {
            prop_assert!(name.as_str().chars().count() <= max);
            let again = ClientName::parse(name.as_str(), max);
            prop_assert_eq!(again, Ok(Some(name)));
        }
    }

    #[test]
    fn two_parsers_agree_on_accepted_hosts(text in almost_uri()) {
        if RedirectUri::parse(text.as_str(), &wide_policy()).is_ok() {
            let by_rfc_3986 = Uri::parse(text.as_str()).unwrap();
            let host = by_rfc_3986.authority().map(|authority| authority.host().to_lowercase());
            let by_whatwg = url::Url::parse(&text).unwrap();
            let other = by_whatwg.host_str().unwrap_or_default().to_lowercase();
            // An IPv6 address can be written in several ways; the address itself is compared.
            let address = |host: &str| -> Option<std::net::Ipv6Addr> {
                host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
            };
            let host = host.unwrap_or_default();
            prop_assert!(host == other || address(&host).is_some_and(|it| Some(it) == address(&other)));
        }
    }

    #[test]
    fn accepted_uris_have_no_forbidden_part(text in almost_uri()) {
        if RedirectUri::parse(text.as_str(), &wide_policy()).is_ok() {
            prop_assert!(text.is_ascii() && !text.contains([' ', '#', '*', '\\']));
            let url = url::Url::parse(&text).unwrap();
            prop_assert!(url.username().is_empty() && url.password().is_none());
            prop_assert!(url.fragment().is_none());
            prop_assert!(!["javascript", "data", "file"].contains(&url.scheme()));
            let on_device = ["127.0.0.1", "[::1]", "localhost"];
            prop_assert!(url.scheme() != "http" || on_device.contains(&url.host_str().unwrap()));
        }
    }

    #[test]
    fn an_unknown_member_never_changes_what_is_stored(name in ".*", value in any_json()) {
        let tagged = name.split('#').next().unwrap();
        prop_assume!(!KNOWN.contains(&tagged));
        let mut body = json!({
            "redirect_uris": ["https://app.example.com/callback"],
            "client_name": "App",
            "client_name#fr": "Appli",
            "scope": "a b",
        });
        let plain = read(&body);
        body[name] = value;
        prop_assert_eq!(read(&body), plain);
    }

    #[test]
    fn no_bytes_make_the_endpoint_panic_or_fail(
        changes in collection::vec((any::<sample::Index>(), prop_oneof![
            any::<u8>(), sample::select(b"{}[]\",:\\u0d\x00\xff".to_vec())
        ]), 0..6),
        cut in any::<sample::Index>(),
        noise in collection::vec(any::<u8>(), 0..16),
    ) {
        let mut body = USUAL.to_vec();
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        body.truncate(cut.index(body.len() * 4).min(body.len()));
        body.extend(noise);
        let (status, answer) = answer(body);
        prop_assert!(status == 201 || status == 400, "{status} {answer}");
        prop_assert_eq!(answer.get("error").is_some(), status == 400);
    }

    #[test]
    fn no_values_make_the_profile_panic(
        members in collection::vec((sample::select(KNOWN.to_vec()), any_json()), 0..6),
        tag in "[#a-zA-Z0-9-]{0,12}",
        name in ".{0,160}",
    ) {
        let mut body: Map<String, Value> =
            members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        body.entry("redirect_uris").or_insert(json!(["https://app.example.com/callback"]));
        body.insert(format!("client_name#{tag}"), name.into());
        let body = Value::from(body).to_string();
        if let Ok(request) = RegistrationRequest::from_json(body.as_bytes()) {
            let _ = request.apply(&RegistrationSettings::default());
        }
    }
}

#[test]
fn generator_makes_enough_accepted_and_refused_uris() {
    let mut runner = TestRunner::deterministic();
    let policy = wide_policy();
    let accepted = (0..CASES).filter(|_| {
        let text = almost_uri().new_tree(&mut runner).unwrap().current();
        RedirectUri::parse(text, &policy).is_ok()
    });
    let accepted = accepted.count();
    assert!(
        (200..9_000).contains(&accepted),
        "{accepted} of {CASES} are accepted"
    );
}

#[test]
fn generator_makes_enough_accepted_and_refused_names() {
    let mut runner = TestRunner::deterministic();
    let accepted = (0..CASES).filter(|_| {
        let text = almost_name().new_tree(&mut runner).unwrap().current();
        matches!(ClientName::parse(&text, 8), Ok(Some(_)))
    });
    let accepted = accepted.count();
    assert!(
        (1_000..9_000).contains(&accepted),
        "{accepted} of {CASES} are accepted"
    );
}

/// A typical registration, in which a few bytes are changed.
const USUAL: &[u8] = br#"{"client_name":"App \u00e9","client_name#fr":"A","redirect_uris":
["https://app.example.com/cb","http://127.0.0.1:1/"],"grant_types":["authorization_code"],
"jwks":{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]},"x":[1,-2.5e3,true,null,{"y":"z"}]}"#;

fn answer(body: Vec<u8>) -> (u16, Value) {
    let mut tenant = TenantSettings::new().enabled();
    tenant.registration.rate_limit = None;
    let registrar = Registrar::builder(MemoryStore::new())
        .tenant(tenant)
        .build()
        .unwrap();
    let request = http::Request::post("/oidc/register")
        .header("content-type", "application/json")
        .body(body)
        .unwrap();
    let endpoint = RegistrationEndpoint::new(registrar);
    let mut future = std::pin::pin!(endpoint.respond(request));
    // A store in memory never waits, so the first poll completes.
    let mut context = Context::from_waker(Waker::noop());
    match future.as_mut().poll(&mut context) {
        Poll::Ready(response) => parts(&response),
        Poll::Pending => panic!("the response is pending"),
    }
}

fn read(body: &Value) -> oauth_dcr::ClientMetadata {
    let request = RegistrationRequest::from_json(body.to_string().as_bytes()).unwrap();
    request.apply(&RegistrationSettings::default()).unwrap()
}

#[tokio::test]
async fn no_registrations_share_an_id_or_secret() {
    let mut tenant = TenantSettings::new().enabled();
    tenant.registration.rate_limit = None;
    let registrar = Registrar::builder(MemoryStore::new())
        .tenant(tenant)
        .build()
        .unwrap();
    let mut seen = HashSet::new();
    for _ in 0..CASES {
        let admission = registrar
            .admit(TenantSelector::Host(None), Signals::new())
            .await
            .unwrap();
        let request = RegistrationRequest::new(["https://app.example.com/callback"]);
        let registered = admission.register(request).await.unwrap();
        assert!(seen.insert(registered.client().id().to_string()));
        assert!(seen.insert(registered.secret().unwrap().expose().to_owned()));
    }
}
