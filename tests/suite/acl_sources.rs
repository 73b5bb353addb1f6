//! Where signals come from: counted proxies, the host program, a source of locations, or nowhere.

use std::{net::IpAddr, sync::Arc};

use http::Request;
use oauth_dcr::{
    BackendError, MemoryStore, PeerAddress, Registrar, RegistrarBuilder, RegistrationEndpoint,
    RegistrationError, TenantSettings, Tenants,
    acl::{CountryCode, Decision, EdgeSignal, Endpoint, Ja4, Signal, Signals, UnknownReason},
    geo::{GeoSource, Location, WantedLocation},
    settings::{SettingsDocument, SettingsFault},
    tenants::{TenantDirectory, TenantSelector},
};
use serde_json::{Value, json};

use crate::support::http::parts;

/// A tenant whose one rule blocks this value of a signal.
fn tenant(signal: &str, value: &str, changed: &Value) -> TenantSettings {
    let mut settings = json!({
        "id": "t",
        "registration": { "enabled": true, "rate_limit": null },
        "acl": [{ "priority": 1, "description": "a rule", "rule": {
            "action": { "block": true }, "match": { signal: [value] }, "scope": "dcr"
        } }]
    });
    let changed = changed.as_object().unwrap().clone();
    settings.as_object_mut().unwrap().extend(changed);
    serde_json::from_value(settings).unwrap()
}

fn builder() -> RegistrarBuilder {
    Registrar::builder(MemoryStore::new())
}

/// A directory of the host. Its tenants have not been checked.
struct Unchecked(Arc<TenantSettings>);

impl TenantDirectory for Unchecked {
    async fn find(
        &self,
        _: TenantSelector<'_>,
    ) -> Result<Option<Arc<TenantSettings>>, BackendError> {
        Ok(Some(Arc::clone(&self.0)))
    }
}

/// Knows the country of one address.
struct OneCountry;

impl GeoSource for OneCountry {
    fn locate(&self, address: IpAddr, _: WantedLocation) -> Location {
        let mut location = Location::default();
        if address == IpAddr::from([203, 0, 113, 5]) {
            location.country = CountryCode::parse("SE").ok();
        }
        location
    }

    fn provides(&self) -> WantedLocation {
        WantedLocation {
            country: true,
            ..WantedLocation::NONE
        }
    }
}

/// The status of the answer to a request with these headers, and the rule in its body.
async fn answer(
    registrar: &Registrar,
    peer: Option<&str>,
    headers: &[(&str, &[u8])],
) -> (u16, Value) {
    let mut request = request(peer);
    for (name, value) in headers {
        let name: http::HeaderName = name.parse().unwrap();
        let value = http::HeaderValue::from_bytes(value).unwrap();
        request.headers_mut().append(name, value);
    }
    send(registrar, request).await
}

fn request(peer: Option<&str>) -> Request<Vec<u8>> {
    let body = br#"{"redirect_uris": ["https://app.example.com/callback"]}"#;
    let mut request = Request::post("/oidc/register")
        .header("content-type", "application/json")
        .body(body.to_vec())
        .unwrap();
    if let Some(peer) = peer {
        let peer = PeerAddress(peer.parse().unwrap());
        request.extensions_mut().insert(peer);
    }
    request
}

async fn send(registrar: &Registrar, request: Request<Vec<u8>>) -> (u16, Value) {
    let endpoint = RegistrationEndpoint::new(registrar.clone());
    let (status, body) = parts(&endpoint.respond(request).await);
    (status, body["error_detail"]["rule"].clone())
}

#[test]
fn location_rule_without_a_source_is_refused() {
    for (signal, value) in [
        ("geo_country_codes", "SE"),
        ("geo_subdivision_codes", "SE-AB"),
        ("asns", "64500"),
    ] {
        let tenant = tenant(signal, value, &json!({}));
        let error = builder().tenant(tenant.clone()).build().unwrap_err();
        assert!(matches!(error.fault(), SettingsFault::NoSignalSource(_)));
        assert_eq!(error.path(), format!("acl[0].rule.match.{signal}"));
        assert!(
            error.to_string().starts_with("tenant `t`: acl[0]"),
            "{error}"
        );

        // A source of locations provides only the fields that it has.
        let located = builder().geo(OneCountry).tenant(tenant.clone()).build();
        assert_eq!(located.is_ok(), signal == "geo_country_codes", "{signal}");
        let registrar = builder().geo(OneCountry).build().unwrap();
        assert_eq!(registrar.check(&tenant).is_ok(), located.is_ok());
    }
}

/// A directory of the host that keeps its tenant in memory.
struct InMemory(Arc<TenantSettings>);

impl TenantDirectory for InMemory {
    async fn find(
        &self,
        _: TenantSelector<'_>,
    ) -> Result<Option<Arc<TenantSettings>>, BackendError> {
        Ok(Some(Arc::clone(&self.0)))
    }

    fn known_tenants(&self) -> Vec<Arc<TenantSettings>> {
        vec![Arc::clone(&self.0)]
    }
}

#[test]
fn settings_with_location_rules_need_a_location_source() {
    let tenant = tenant("geo_country_codes", "SE", &json!({}));
    let document = SettingsDocument::new(vec![tenant]).unwrap();
    let tenants = || Tenants::new(document.clone());
    for error in [
        builder().tenants(tenants()).build().unwrap_err(),
        builder().tenants(Arc::new(tenants())).build().unwrap_err(),
    ] {
        let text = error.to_string();
        let place = "tenant `t`: acl[0].rule.match.geo_country_codes: can never be evaluated";
        assert!(text.starts_with(place), "{text}");
    }
    let located = builder().geo(OneCountry).tenants(tenants()).build();
    assert!(located.is_ok());
}

#[test]
fn tenants_of_a_custom_directory_are_fully_checked() {
    let mut settings = tenant("user_agents", "x", &json!({}));
    let build = |tenant: &TenantSettings| {
        let directory = InMemory(Arc::new(tenant.clone()));
        builder().tenants(directory).build()
    };
    assert!(build(&settings).is_ok());
    settings.hosts = vec!["a/b".to_owned()];
    let error = build(&settings).unwrap_err();
    assert_eq!(error.path(), "hosts[0]");
    assert_eq!(error.tenant(), Some(&settings.id));
}

#[test]
fn a_declared_signal_needs_no_other_source() {
    let declared = json!({ "signals_from_host": ["geo_country_codes"] });
    assert!(
        builder()
            .tenant(tenant("geo_country_codes", "SE", &declared))
            .build()
            .is_ok()
    );
    let header = json!({
        "trusted_proxies": ["10.0.0.1"], "signal_headers": { "asn": "x-asn" }
    });
    assert!(
        builder()
            .tenant(tenant("asns", "64500", &header))
            .build()
            .is_ok()
    );
}

#[tokio::test]
async fn an_unchecked_tenant_answers_503() {
    for (signal, value) in [("geo_country_codes", "SE"), ("asns", "64500")] {
        let tenant = Arc::new(tenant(signal, value, &json!({})));
        let registrar = builder().tenants(Unchecked(tenant)).build().unwrap();
        let answer = answer(&registrar, Some("203.0.113.5"), &[]).await;
        assert_eq!(answer, (503, Value::Null), "{signal}");
    }
}

#[test]
fn host_endpoints_are_evaluated_with_all_signals() {
    let located = builder().geo(OneCountry).build().unwrap();
    let unlocated = builder().build().unwrap();
    let tenant = tenant("geo_country_codes", "SE", &json!({}));
    for endpoint in [Endpoint::Registration, Endpoint::Authentication] {
        let covered = endpoint == Endpoint::Registration;
        let signals = Signals::from_peer("203.0.113.5".parse().unwrap());
        let verdict = located.evaluate(&tenant, endpoint, signals);
        let expected = if covered {
            Decision::Block
        } else {
            Decision::Allow
        };
        assert_eq!(verdict.decision, expected);
        let verdict = unlocated.evaluate(&tenant, endpoint, signals);
        let is_refused = matches!(verdict.decision, Decision::Unanswered(_));
        assert_eq!(is_refused, covered);
        let explained = unlocated.explain(&tenant, endpoint, signals).to_string();
        assert_eq!(
            explained.starts_with("refuse: rule 0"),
            covered,
            "{explained}"
        );
    }
}

#[tokio::test]
async fn an_unknown_source_has_no_location() {
    let proxies = json!({ "trusted_proxies": ["10.0.0.1"] });
    let tenant = tenant("geo_country_codes", "SE", &proxies);
    let registrar = builder().geo(OneCountry).tenant(tenant).build().unwrap();
    let forwarded = |value| [("x-forwarded-for", value)];
    for (value, status, rule) in [
        (&b"203.0.113.5"[..], 403, Value::Null),
        (b"198.51.100.7", 201, Value::Null),
        (b"unknown", 403, json!("source_unknown")),
        (b"198.51.100.7, \xff", 403, json!("source_unknown")),
        (b"198.51.100.7, ", 403, json!("source_unknown")),
    ] {
        let found = answer(&registrar, Some("10.0.0.1"), &forwarded(value)).await;
        assert_eq!(found, (status, rule), "{value:?}");
    }
    let found = answer(&registrar, None, &forwarded(b"198.51.100.7")).await;
    assert_eq!(found, (503, Value::Null));
}

#[tokio::test]
async fn missing_peer_address_has_a_distinct_error() {
    for (signal, value, expected) in [
        ("ipv4_cidrs", "203.0.113.0/24", Signal::Source),
        ("geo_country_codes", "SE", Signal::Country),
    ] {
        let tenant = tenant(signal, value, &json!({}));
        let registrar = builder().geo(OneCountry).tenant(tenant).build().unwrap();
        let host = TenantSelector::Host(None);
        let error = registrar.admit(host, Signals::new()).await.unwrap_err();
        let RegistrationError::NoPeerAddress { rule, signal } = &error else {
            panic!("{error:?}");
        };
        assert_eq!((&**rule, *signal), ("a rule", expected));
        // Its answer and its name in metrics and logs are the same as for any signal without a
        // source.
        assert_eq!(error.kind(), "signal_unavailable");
        let endpoint = RegistrationEndpoint::new(registrar);
        let response = endpoint.respond(request(None)).await;
        assert_eq!(response.headers()["retry-after"], "1");
        let (status, body) = parts(&response);
        assert_eq!(
            (status, &body["error"]),
            (503, &json!("temporarily_unavailable"))
        );
        assert_eq!(body["error_detail"], Value::Null);
    }
}

#[tokio::test]
async fn host_can_set_signals() {
    let fingerprint = "t13d1516h2_8daaf6152771_e5627efa2ab1";
    let declared = json!({ "signals_from_host": ["ja4_fingerprints"] });
    let tenant = tenant("ja4_fingerprints", fingerprint, &declared);
    let registrar = builder().tenant(tenant).build().unwrap();
    let with = |signals: Signals<'static>| {
        let mut request = request(Some("203.0.113.5"));
        request.extensions_mut().insert(signals);
        send(&registrar, request)
    };
    let ja4 = Ja4::parse(fingerprint).unwrap();
    assert_eq!(with(Signals::new().ja4(ja4)).await.0, 403);
    assert_eq!(with(Signals::new()).await.0, 201);
    let unknown = Signals::new().unknown(EdgeSignal::Ja4, UnknownReason::UnreadableHeader);
    assert_eq!(with(unknown).await, (403, json!("signal_unreadable")));
    // Signals that the host does not pass say nothing about the client.
    let without = send(&registrar, request(Some("203.0.113.5"))).await;
    assert_eq!(without, (503, Value::Null));
}

#[tokio::test]
async fn source_set_by_the_host_overrides_the_peer() {
    let tenant = tenant(
        "ipv4_cidrs",
        "203.0.113.5",
        &json!({ "trusted_proxies": ["10.0.0.1"] }),
    );
    let registrar = builder().tenant(tenant).build().unwrap();
    for (peer, source, status) in [
        ("10.0.0.1", "203.0.113.5", 403),
        ("10.0.0.1", "198.51.100.7", 201),
        ("192.0.2.1", "203.0.113.5", 403),
        ("203.0.113.5", "198.51.100.7", 201),
    ] {
        let mut request = request(Some(peer));
        let signals = Signals::new().with_source(source.parse().unwrap());
        request.extensions_mut().insert(signals);
        request
            .headers_mut()
            .insert("x-forwarded-for", "192.0.2.7".parse().unwrap());
        assert_eq!(send(&registrar, request).await.0, status, "{peer} {source}");
    }
}

#[tokio::test]
async fn hops_are_counted_from_the_right() {
    let tenant = |hops: u8, proxies: Value| {
        let changed = json!({ "trusted_hops": hops, "trusted_proxies": proxies });
        let tenant = tenant("ipv4_cidrs", "203.0.113.5", &changed);
        builder().tenant(tenant).build().unwrap()
    };
    let (one, two) = (tenant(1, json!([])), tenant(2, json!([])));
    let unknown = (403, json!("source_unknown"));
    let blocked = (403, Value::Null);
    let passed = (201, Value::Null);
    for (registrar, lines, expected) in [
        (&one, &[&b"203.0.113.5"[..]][..], &blocked),
        (&one, &[b"203.0.113.5, 198.51.100.7"], &passed),
        (&one, &[b"203.0.113.5", b"198.51.100.7"], &passed),
        (&one, &[b"198.51.100.7, \xff"], &unknown),
        (&one, &[], &unknown),
        (&two, &[b"\xff, 203.0.113.5, 198.51.100.7"], &blocked),
        (&two, &[b"203.0.113.5, 198.51.100.7, \xff"], &passed),
        (&two, &[b"198.51.100.7"], &unknown),
    ] {
        let headers: Vec<_> = lines
            .iter()
            .map(|line| ("x-forwarded-for", *line))
            .collect();
        // No peer address is needed, and a peer address changes nothing.
        for peer in [None, Some("192.0.2.1")] {
            let found = answer(registrar, peer, &headers).await;
            assert_eq!(&found, expected, "{peer:?} {lines:?}");
        }
    }

    // If proxies are listed as well, the peer must be one of them.
    let both = tenant(1, json!(["10.0.0.0/8"]));
    let headers = [("x-forwarded-for", &b"203.0.113.5"[..])];
    assert_eq!(answer(&both, Some("10.0.0.1"), &headers).await, blocked);
    assert_eq!(answer(&both, Some("192.0.2.1"), &headers).await, passed);
    assert_eq!(answer(&both, None, &headers).await.0, 503);
}

#[tokio::test]
async fn two_headers_must_agree() {
    let trusting = |header: &str| {
        let changed = json!({ "trusted_proxies": ["10.0.0.1"], "forwarded_header": header });
        let tenant = tenant("ipv4_cidrs", "203.0.113.5", &changed);
        builder().tenant(tenant).build().unwrap()
    };
    let either = trusting("either");
    let (plain, standard) = (trusting("x-forwarded-for"), trusting("forwarded"));
    let unknown = (403, json!("source_unknown"));
    for (registrar, x_forwarded_for, forwarded, expected) in [
        (
            &either,
            "198.51.100.7",
            "for=198.51.100.7",
            (201, Value::Null),
        ),
        (
            &either,
            "203.0.113.5",
            "for=\"203.0.113.5:80\"",
            (403, Value::Null),
        ),
        (&either, "198.51.100.7", "for=198.51.100.8", unknown.clone()),
        (&either, "198.51.100.7", "for=_hidden", unknown.clone()),
        (&either, "\u{ff}", "for=198.51.100.7", unknown),
        (
            &plain,
            "198.51.100.7",
            "for=203.0.113.5",
            (201, Value::Null),
        ),
        (
            &standard,
            "198.51.100.7",
            "for=203.0.113.5",
            (403, Value::Null),
        ),
    ] {
        let headers = [
            ("x-forwarded-for", x_forwarded_for.as_bytes()),
            ("forwarded", forwarded.as_bytes()),
        ];
        let found = answer(registrar, Some("10.0.0.1"), &headers).await;
        assert_eq!(found, expected, "{x_forwarded_for} {forwarded}");
    }
}
