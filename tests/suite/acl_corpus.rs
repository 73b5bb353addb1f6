//! Every access control case of the corpus: through the library's calls, through the endpoint in
//! process, and over HTTP behind a trusted proxy on loopback.

use std::{net::IpAddr, str::FromStr};

use http::{Request, Response};
use oauth_dcr::{
    MemoryStore, PeerAddress, Registrar, RegistrationEndpoint, TenantSettings, Timestamp,
    acl::{
        Acl, Asn, CountryCode, Decision, EdgeSignal, Endpoint, Ja3, NetworkSet, ProxyTrust,
        Signals, UnknownReason,
    },
};
use serde_json::{Value, json};

use crate::{
    corpus::cases::lines,
    support::http::{Server, parts},
};

/// A list, a request, and the expected verdict.
struct Case {
    id: String,
    /// The list in the format of the tenant ACL.
    rules: String,
    trusted: NetworkSet,
    /// The names of the headers that carry signals; null if the request itself has the signals.
    headers_of_signals: Value,
    request: Value,
    expect: Value,
}

fn cases() -> Vec<Case> {
    let all = lines("attacks.jsonl");
    all.iter()
        .filter(|case| case["area"] == "acl")
        .map(Case::read)
        .collect()
}

impl Case {
    fn read(case: &Value) -> Self {
        let input = &case["input"];
        let rules: Vec<Value> = list(&input["rules"]).iter().map(nested).collect();
        Self {
            id: text(&case["id"]).unwrap(),
            rules: Value::from(rules).to_string(),
            trusted: networks(&input["trusted_proxies"]),
            headers_of_signals: input["signal_headers"].clone(),
            request: input["request"].clone(),
            expect: case["expect"].clone(),
        }
    }

    /// Whether loading the list must fail.
    fn is_about_loading(&self) -> bool {
        self.expect["phase"] == "config"
    }

    fn address(&self) -> IpAddr {
        let request = &self.request;
        parsed(&request["source_ip"])
            .or_else(|| parsed(&request["peer_ip"]))
            .unwrap()
    }

    /// The headers of the case, in order.
    fn headers(&self) -> Vec<(String, String)> {
        let headers = list(&self.request["headers"]);
        let pair = |pair: &Value| (text(&pair[0]).unwrap(), text(&pair[1]).unwrap());
        headers.iter().map(pair).collect()
    }

    /// The value of `name` in the case, a number as text.
    fn value_of(&self, name: &str) -> Option<String> {
        match &self.request[name] {
            Value::Number(number) => Some(number.to_string()),
            other => text(other),
        }
    }

    /// The rule that must end the evaluation, if any.
    fn decisive(&self) -> Option<&str> {
        self.expect["matched"].as_str().or(self.unanswered())
    }

    /// The rule that must refuse the request because it needs an unknown signal.
    fn unanswered(&self) -> Option<&str> {
        self.expect["unanswered"].as_str()
    }

    /// Every rule that must be reported.
    fn logged(&self) -> Vec<&str> {
        match self.expect["logged"].as_array() {
            Some(logged) => logged.iter().map(|id| id.as_str().unwrap()).collect(),
            None => self.decisive().into_iter().collect(),
        }
    }

    fn status(&self) -> u16 {
        match self.expect["status"].as_u64() {
            Some(status) => u16::try_from(status).unwrap(),
            None => 201,
        }
    }

    fn tenant(&self) -> TenantSettings {
        let mut tenant = TenantSettings::new().enabled();
        tenant.acl = Acl::from_json(&self.rules).unwrap();
        tenant.trusted_proxies = self.trusted.clone();
        let headers = match &self.headers_of_signals {
            Value::Null => json!({
                "geo_country_code": "x-country", "asn": "x-asn", "ja3_fingerprint": "x-ja3",
            }),
            named => named.clone(),
        };
        tenant.signal_headers = serde_json::from_value(headers).unwrap();
        tenant
    }

    /// The request of the case, with the addresses that a proxy adds to `X-Forwarded-For`.
    fn request(&self, added: &[IpAddr]) -> Request<Vec<u8>> {
        let mut request =
            Request::post("/oidc/register").header("content-type", "application/json");
        for (member, header) in [
            ("country", "x-country"),
            ("asn", "x-asn"),
            ("ja3", "x-ja3"),
            ("user_agent", "user-agent"),
            ("sni", "host"),
        ] {
            if let Some(value) = self.value_of(member) {
                request = request.header(header, value);
            }
        }
        for (name, value) in self.headers() {
            request = request.header(name, value);
        }
        for address in added {
            request = request.header("x-forwarded-for", address.to_string());
        }
        let body = json!({"redirect_uris": ["https://app.example.com/callback"]});
        request.body(body.to_string().into_bytes()).unwrap()
    }
}

fn nested(flat: &Value) -> Value {
    let mut body = json!({"action": flat["action"], "scope": flat["scope"]});
    for side in ["match", "not_match"] {
        if let Some(conditions) = flat.get(side) {
            body[side] = conditions.clone();
        }
    }
    json!({
        "id": flat["id"], "description": flat["id"], "active": flat["active"],
        "priority": flat["priority"], "rule": body,
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn networks(value: &Value) -> NetworkSet {
    let all = list(value).iter();
    all.map(|network| parsed(network).unwrap()).collect()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(ToOwned::to_owned)
}

fn parsed<T: FromStr>(value: &Value) -> Option<T> {
    value.as_str().map(|text| text.parse().ok().unwrap())
}

#[test]
fn every_case_has_the_right_verdict_and_log() {
    let cases = cases();
    assert_eq!(cases.len(), 38, "the corpus is incomplete");
    for case in &cases {
        let loaded = Acl::from_json(&case.rules);
        assert_eq!(loaded.is_err(), case.is_about_loading(), "{}", case.id);
        let Ok(acl) = loaded else { continue };

        let (peer, headers) = (case.address(), case.headers());
        let is_forwarded_for = |name: &str| name.eq_ignore_ascii_case("x-forwarded-for");
        let forwarded = headers.iter().filter(|(name, _)| is_forwarded_for(name));
        let lines: Vec<&[u8]> = forwarded.map(|(_, line)| line.as_bytes()).collect();
        let client = ProxyTrust::new(&case.trusted).client_address(Some(peer), lines, []);
        let [country, asn, ja3, user_agent, host] =
            ["country", "asn", "ja3", "user_agent", "sni"].map(|name| case.value_of(name));
        let mut signals = Signals::from_peer(peer).forwarded(client);
        // The endpoint reads the edge headers, not the list.
        let edge = headers.iter().find(|(name, _)| !is_forwarded_for(name));
        if let Some((_, value)) = edge {
            let last = value.rsplit(',').next().unwrap().trim();
            let reason = UnknownReason::UnreadableHeader;
            signals = CountryCode::parse(last).map_or_else(
                |_| signals.unknown(EdgeSignal::Country, reason),
                |country| signals.country(country),
            );
        }
        if let Some(country) = country {
            signals = signals.country(CountryCode::parse(&country).unwrap());
        }
        if let Some(asn) = asn {
            signals = signals.asn(Asn::parse(&asn).unwrap());
        }
        if let Some(ja3) = ja3 {
            signals = signals.ja3(Ja3::parse(&ja3).unwrap());
        }
        if let Some(user_agent) = &user_agent {
            signals = signals.user_agent(user_agent);
        }
        if let Some(host) = &host {
            signals = signals.hostname(host);
        }

        let now = Timestamp::from_unix_seconds(1);
        let verdict = acl.evaluate(Endpoint::Registration, &signals, now);
        let status = match verdict.decision {
            Decision::Allow => 201,
            Decision::Block | Decision::Unanswered(_) => 403,
            Decision::Redirect(uri) => {
                assert_eq!(uri.as_str(), "https://help.example.com/blocked");
                302
            }
        };
        let id = &case.id;
        let decided_by = verdict.decided_by.and_then(|rule| rule.id());
        assert_eq!(
            (status, decided_by),
            (case.status(), case.decisive()),
            "{id}"
        );
        let is_unanswered = matches!(verdict.decision, Decision::Unanswered(_));
        assert_eq!(is_unanswered, case.unanswered().is_some(), "{id}");
        let monitored = verdict.monitored.into_iter().map(|it| it.rule);
        let logged = monitored.chain(verdict.decided_by);
        let logged: Vec<&str> = logged.filter_map(|rule| rule.id()).collect();
        assert_eq!(logged, case.logged(), "{id}");
    }
}

#[tokio::test]
async fn every_case_has_the_right_answer_in_process() {
    for case in cases().iter().filter(|case| !case.is_about_loading()) {
        let mut tenant = case.tenant();
        // The peer itself is the edge.
        let edge = if case.request["source_ip"].is_null() {
            case.address()
        } else {
            tenant.trusted_proxies = ["127.0.0.1/32".parse().unwrap()].into_iter().collect();
            "127.0.0.1".parse().unwrap()
        };
        let added: &[IpAddr] = if edge == case.address() {
            &[]
        } else {
            &[case.address()]
        };
        let mut request = case.request(added);
        request.extensions_mut().insert(PeerAddress(edge));
        let store = MemoryStore::new();
        let registrar = Registrar::builder(store.clone())
            .tenant(tenant)
            .build()
            .unwrap();
        let response = RegistrationEndpoint::new(registrar).respond(request).await;
        judge(case, &response, &store);
    }
}

#[tokio::test]
async fn every_case_has_the_right_answer_over_http() {
    let mut sent = 0;
    for case in cases().iter().filter(|case| !case.is_about_loading()) {
        // The connecting address is the test's own address.
        if case.rules.contains("connecting_") {
            continue;
        }
        sent += 1;
        let mut tenant = case.tenant();
        let loopback = "127.0.0.0/8".parse().unwrap();
        tenant.trusted_proxies = case.trusted.iter().chain([loopback]).collect();
        let store = MemoryStore::new();
        let registrar = Registrar::builder(store.clone())
            .tenant(tenant)
            .build()
            .unwrap();
        let server = Server::start(registrar).await;
        let response = server.send(case.request(&[case.address()])).await;
        judge(case, &response, &store);
    }
    assert_eq!(sent, 33);
}

fn judge(case: &Case, response: &Response<bytes::Bytes>, store: &MemoryStore) {
    let id = &case.id;
    let (status, body) = parts(response);
    assert_eq!(status, case.status(), "{id}: {body}");
    if status != 201 {
        assert_eq!(body["error"], case.expect["error"], "{id}");
    }
    let rule = body["error_detail"]["rule"].as_str();
    let needs_unknown = matches!(rule, Some("source_unknown" | "signal_unreadable"));
    assert_eq!(needs_unknown, case.unanswered().is_some(), "{id}: {body}");
    let location = response.headers().get("location");
    let expected = (status == 302).then_some("https://help.example.com/blocked");
    assert_eq!(location.map(|it| it.to_str().unwrap()), expected, "{id}");
    assert_eq!(store.len(), usize::from(status == 201), "{id}");
}
