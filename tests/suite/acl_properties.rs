//! The evaluator compared with a slow, obvious reference on random rules and requests.
//!
//! The reference follows the sentences of the profile: it compares texts and scans lists, and
//! compiles nothing. The values come from small pools, so that rules match often.

use oauth_dcr::{
    Timestamp,
    acl::{
        Acl, Asn, CountryCode, Decision, EdgeSignal, Endpoint, Ja3, Ja4, Signals, SubdivisionCode,
        UnknownReason, UnknownSignal,
    },
};
use serde_json::{Map, Value, json};

use crate::support::{
    random::{Random, cases},
    slow_networks::lies_in,
};

/// How many requests are evaluated by each random list.
const REQUESTS: usize = 20;

const V4_NETWORKS: [&str; 11] = [
    "0.0.0.0/0",
    "10.0.0.0/8",
    "10.1.0.0/16",
    "10.1.2.0/24",
    "10.1.2.3/32",
    "10.1.2.4/31",
    "10.1.2.9",
    "192.0.2.0/24",
    "192.0.2.128/25",
    "198.51.100.0/24",
    "203.0.113.7/32",
];

const V6_NETWORKS: [&str; 9] = [
    "::/0",
    "2001:db8::/32",
    "2001:db8:0:1::/64",
    "2001:db8:0:1::7/128",
    "2001:db8::9",
    "fd00::/8",
    "::ffff:10.1.0.0/112",
    "::ffff:0:0/96",
    "::ffff:192.0.2.1",
];

const ADDRESSES: [&str; 16] = [
    "10.1.2.3",
    "10.1.2.5",
    "10.1.2.9",
    "10.1.200.1",
    "10.200.0.1",
    "192.0.2.1",
    "192.0.2.200",
    "198.51.100.7",
    "203.0.113.7",
    "203.0.113.8",
    "::ffff:10.1.2.3",
    "::ffff:192.0.2.200",
    "2001:db8:0:1::7",
    "2001:db8::9",
    "fd12::1",
    "::1",
];

const COUNTRIES: [&str; 6] = ["SE", "se", "US", "us", "DE", "XK"];
const SUBDIVISIONS: [&str; 6] = ["US-CA", "us-ca", "US-NY", "SE-AB", "se-ab", "DE-BY"];
const ASNS: [&str; 6] = ["64500", "AS64500", "as64501", "64501", "0", "4294967295"];
const JA3: [&str; 3] = [
    "e7d705a3286e19ea42f587b344ee6865",
    "E7D705A3286E19EA42F587B344EE6865",
    "00000000000000000000000000000000",
];
const JA4: [&str; 3] = [
    "t13d1516h2_8daaf6152771_e5627efa2ab1",
    "T13D1516H2_8DAAF6152771_e5627efa2ab1",
    "q13d0310h3_55b375c5d22e_cd85d2d88918",
];
const USER_AGENTS: [&str; 5] = ["curl/8.5.0", "curl/8.5", "CURL/8.5.0", "\u{e4}", "a b"];
const HOSTNAMES: [&str; 5] = [
    "auth.example",
    "AUTH.example",
    "evil-auth.example",
    "a",
    "b.example",
];

/// The fields that list values, each with its pool and whether it is one of two fields of a signal.
const FIELDS: [(&str, &[&str]); 11] = [
    ("ipv4_cidrs", &V4_NETWORKS),
    ("ipv6_cidrs", &V6_NETWORKS),
    ("connecting_ipv4_cidrs", &V4_NETWORKS),
    ("connecting_ipv6_cidrs", &V6_NETWORKS),
    ("geo_country_codes", &COUNTRIES),
    ("geo_subdivision_codes", &SUBDIVISIONS),
    ("asns", &ASNS),
    ("ja3_fingerprints", &JA3),
    ("ja4_fingerprints", &JA4),
    ("user_agents", &USER_AGENTS),
    ("hostnames", &HOSTNAMES),
];

fn random_conditions(random: &mut Random) -> Value {
    let mut members = Map::new();
    for _ in 0..=random.pick(&[0, 0, 0, 1, 1, 2]) {
        let (field, pool) = random.pick(&FIELDS);
        let values = (0..=random.below(3)).map(|_| random.pick(pool));
        let values = values.map(|value| match value.parse::<u32>() {
            Ok(number) if field == "asns" => json!(number),
            _ => json!(value),
        });
        members.insert(field.to_owned(), values.collect());
    }
    members.into()
}

fn random_rule(random: &mut Random, id: usize) -> Value {
    let action = random.pick(&[
        r#"{"allow": true}"#,
        r#"{"block": true}"#,
        r#"{"block": true, "allow": false}"#,
        r#"{"redirect": true, "redirect_uri": "https://help.example.com/"}"#,
        r#"{"log": true}"#,
    ]);
    let mut action: Value = serde_json::from_str(action).unwrap();
    if random.chance(25) {
        action["log"] = json!(true);
    }
    let mut rule = json!({
        "action": action,
        "scope": random.pick(&["dcr", "dcr", "authentication", "tenant", "management"]),
    });
    let sides: &[&str] = random.pick::<&[&str]>(&[
        &["match"],
        &["match"],
        &["not_match"],
        &["match", "not_match"],
    ]);
    for side in sides {
        rule[side] = random_conditions(random);
    }
    let mut whole = json!({"id": id.to_string(), "priority": random.below(4), "rule": rule});
    if random.chance(50) {
        whole["active"] = json!(random.chance(80));
    }
    whole
}

/// The text of a signal that is unknown.
const UNKNOWN: &str = "?";

/// What is known about a request, as text.
#[derive(Debug, Default)]
struct Request {
    source: Option<&'static str>,
    connecting: Option<&'static str>,
    country: Option<&'static str>,
    subdivision: Option<&'static str>,
    asn: Option<&'static str>,
    ja3: Option<&'static str>,
    ja4: Option<&'static str>,
    user_agent: Option<&'static str>,
    hostname: Option<&'static str>,
}

impl Request {
    fn random(random: &mut Random) -> Self {
        Self {
            // An address that the host does not pass is unknown, never absent.
            source: random.some(&ADDRESSES, 90).or(Some(UNKNOWN)),
            connecting: random.some(&ADDRESSES, 90).or(Some(UNKNOWN)),
            country: Self::random_value(random, &COUNTRIES),
            subdivision: Self::random_value(random, &SUBDIVISIONS),
            asn: Self::random_value(random, &ASNS),
            ja3: Self::random_value(random, &JA3),
            ja4: Self::random_value(random, &JA4),
            user_agent: random.some(&USER_AGENTS, 80),
            hostname: random.some(&HOSTNAMES, 80),
        }
    }

    fn random_value(random: &mut Random, pool: &[&'static str]) -> Option<&'static str> {
        let unknown = random.chance(5).then_some(UNKNOWN);
        unknown.or_else(|| random.some(pool, 65))
    }

    fn signals(&self) -> Signals<'static> {
        let reason = UnknownReason::UnreadableHeader;
        let mut signals = Signals::new();
        if let Some(address) = self.source.filter(|it| *it != UNKNOWN) {
            signals = signals.with_source(address.parse().unwrap());
        }
        if let Some(address) = self.connecting.filter(|it| *it != UNKNOWN) {
            signals = signals.connecting(address.parse().unwrap());
        }
        signals = match self.country {
            None => signals,
            Some(UNKNOWN) => signals.unknown(EdgeSignal::Country, reason),
            Some(text) => signals.country(CountryCode::parse(text).unwrap()),
        };
        signals = match self.subdivision {
            None => signals,
            Some(UNKNOWN) => signals.unknown(EdgeSignal::Subdivision, reason),
            Some(text) => signals.subdivision(SubdivisionCode::parse(text).unwrap()),
        };
        signals = match self.asn {
            None => signals,
            Some(UNKNOWN) => signals.unknown(EdgeSignal::Asn, reason),
            Some(text) => signals.asn(Asn::parse(text).unwrap()),
        };
        signals = match self.ja3 {
            None => signals,
            Some(UNKNOWN) => signals.unknown(EdgeSignal::Ja3, reason),
            Some(text) => signals.ja3(Ja3::parse(text).unwrap()),
        };
        signals = match self.ja4 {
            None => signals,
            Some(UNKNOWN) => signals.unknown(EdgeSignal::Ja4, reason),
            Some(text) => signals.ja4(Ja4::parse(text).unwrap()),
        };
        if let Some(user_agent) = self.user_agent {
            signals = signals.user_agent(user_agent);
        }
        if let Some(hostname) = self.hostname {
            signals = signals.hostname(hostname);
        }
        signals
    }
}

/// The result of the slow evaluator: the outcome of the request, the deciding rule, and the
/// reported rules.
#[derive(Debug, PartialEq, Eq)]
struct Judged {
    decision: &'static str,
    decided_by: Option<String>,
    logged: Vec<String>,
    /// The names of the unknown signals that the reported rules needed.
    unknown: Vec<Option<&'static str>>,
}

fn judge_slowly(rules: &[Value], endpoint: Endpoint, request: &Request) -> Judged {
    let (mut logged, mut unknown) = (Vec::new(), Vec::new());
    // Ascending priority from 0; equal priorities keep the order of the list.
    for priority in 0..4 {
        for rule in rules.iter().filter(|rule| rule["priority"] == priority) {
            let id = rule["id"].as_str().unwrap().to_owned();
            let body = &rule["rule"];
            if rule["active"] == false || !covers(body["scope"].as_str().unwrap(), endpoint) {
                continue;
            }
            // `match` and `not_match` in one rule: both must hold. A part that certainly does not
            // hold excludes the rule, even if another part depends on an unknown signal.
            let mut parts = holds(&body["match"], request, true);
            parts.extend(holds(&body["not_match"], request, false));
            if parts.contains(&Part::No) {
                continue;
            }
            logged.push(id.clone());
            let first_unknown = parts.iter().find_map(|part| match part {
                Part::Unknown(signal) => Some(*signal),
                _ => None,
            });
            unknown.push(first_unknown);
            let action = &body["action"];
            // A monitoring rule has no effect, and the evaluation continues.
            if action["log"] == true {
                continue;
            }
            let words = ["allow", "block", "redirect"];
            let word = words.into_iter().find(|it| action[it] == true).unwrap();
            return Judged {
                decision: first_unknown.map_or(word, |_| "unanswered"),
                decided_by: Some(id),
                logged,
                unknown,
            };
        }
    }
    Judged {
        decision: "allow",
        decided_by: None,
        logged,
        unknown,
    }
}

fn covers(scope: &str, endpoint: Endpoint) -> bool {
    matches!(
        (scope, endpoint),
        ("dcr", Endpoint::Registration)
            | (
                "authentication",
                Endpoint::Registration | Endpoint::Authentication
            )
            | ("tenant", _)
            | ("management", Endpoint::Management)
    )
}

/// Whether one condition holds.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Yes,
    No,
    /// The condition depends on the signal of this name, which is unknown.
    Unknown(&'static str),
}

/// Whether each listed signal has one of its values (or none of them), as `wanted` says. A signal
/// that the request lacks has none of them.
fn holds(conditions: &Value, request: &Request, wanted: bool) -> Vec<Part> {
    let Value::Object(conditions) = conditions else {
        return Vec::new();
    };
    let listed = |field: &str| -> Option<Vec<String>> {
        let values = conditions.get(field)?.as_array().unwrap().iter();
        let text = |value: &Value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        };
        Some(values.map(text).collect())
    };
    let any = |field: &str, is: &dyn Fn(&str) -> bool| {
        listed(field).map(|values| values.iter().any(|value| is(value)))
    };
    // The IPv4 and IPv6 lists of one kind count as one signal.
    let either = |v4: &str, v6: &str, address: Option<&str>| {
        let known = address.filter(|it| *it != UNKNOWN);
        let is = |network: &str| known.is_some_and(|it| lies_in(it, network));
        match (any(v4, &is), any(v6, &is)) {
            (None, None) => None,
            (one, other) => Some(one == Some(true) || other == Some(true)),
        }
    };
    let without_case = |field: &str, value: Option<&str>| {
        any(field, &|it| {
            value.is_some_and(|value| value.eq_ignore_ascii_case(it))
        })
    };
    let number = |text: &str| text.to_lowercase().trim_start_matches("as").to_owned();
    let connecting = either(
        "connecting_ipv4_cidrs",
        "connecting_ipv6_cidrs",
        request.connecting,
    );
    let asn = any("asns", &|it| {
        request.asn.is_some_and(|asn| number(asn) == number(it))
    });
    let answers = [
        (
            "source",
            request.source,
            either("ipv4_cidrs", "ipv6_cidrs", request.source),
        ),
        ("connecting", request.connecting, connecting),
        (
            "country",
            request.country,
            without_case("geo_country_codes", request.country),
        ),
        (
            "subdivision",
            request.subdivision,
            without_case("geo_subdivision_codes", request.subdivision),
        ),
        ("asn", request.asn, asn),
        (
            "ja3",
            request.ja3,
            without_case("ja3_fingerprints", request.ja3),
        ),
        (
            "ja4",
            request.ja4,
            without_case("ja4_fingerprints", request.ja4),
        ),
        (
            "user_agent",
            request.user_agent,
            any("user_agents", &|it| request.user_agent == Some(it)),
        ),
        (
            "hostname",
            request.hostname,
            without_case("hostnames", request.hostname),
        ),
    ];
    let parts = answers.into_iter().filter_map(|(name, said, is_listed)| {
        Some(match is_listed? {
            _ if said == Some(UNKNOWN) => Part::Unknown(name),
            found if found == wanted => Part::Yes,
            _ => Part::No,
        })
    });
    parts.collect()
}

fn judge_fast(acl: &Acl, endpoint: Endpoint, request: &Request) -> Judged {
    let verdict = acl.evaluate(
        endpoint,
        &request.signals(),
        Timestamp::from_unix_seconds(1),
    );
    let id = |rule: &oauth_dcr::acl::Rule| rule.id().unwrap().to_owned();
    let monitored = verdict.monitored.iter();
    let mut logged: Vec<String> = monitored.clone().map(|it| id(it.rule)).collect();
    let name = |unknown: UnknownSignal| unknown.signal.name();
    let mut unknown: Vec<_> = monitored.map(|it| it.unknown.map(name)).collect();
    let (decision, needed) = match verdict.decision {
        Decision::Allow => ("allow", None),
        Decision::Block => ("block", None),
        Decision::Redirect(_) => ("redirect", None),
        Decision::Unanswered(unknown) => ("unanswered", Some(name(unknown))),
    };
    if let Some(rule) = verdict.decided_by {
        logged.push(id(rule));
        unknown.push(needed);
    }
    Judged {
        decision,
        decided_by: verdict.decided_by.map(id),
        logged,
        unknown,
    }
}

#[test]
fn evaluator_agrees_with_a_slow_reference() {
    let mut random = Random(1);
    let (mut decided, mut logged, mut unanswered) = (0, 0, 0);
    let lists = cases().div_ceil(REQUESTS);
    for _ in 0..lists {
        let rules: Vec<Value> = (0..=random.below(6))
            .map(|id| random_rule(&mut random, id))
            .collect();
        let acl = Acl::from_json(&Value::from(rules.clone()).to_string()).unwrap();
        for _ in 0..REQUESTS {
            let request = Request::random(&mut random);
            let endpoint = random.pick(&[
                Endpoint::Registration,
                Endpoint::Registration,
                Endpoint::Authentication,
                Endpoint::Management,
            ]);
            let slowly = judge_slowly(&rules, endpoint, &request);
            let fast = judge_fast(&acl, endpoint, &request);
            assert_eq!(fast, slowly, "{endpoint:?} {request:?} by {}", json!(rules));
            decided += usize::from(fast.decided_by.is_some());
            logged += fast.logged.len() - usize::from(fast.decided_by.is_some());
            unanswered += usize::from(fast.decision == "unanswered");
        }
    }
    // If the random rules never or always matched, the test would prove nothing.
    let judged = lists * REQUESTS;
    assert!(
        (judged / 4..judged * 3 / 4).contains(&decided),
        "{decided} of {judged} decided"
    );
    assert!(logged > judged / 10, "{logged} monitored in {judged}");
    assert!(
        unanswered > judged / 100,
        "{unanswered} unanswered in {judged}"
    );
}
