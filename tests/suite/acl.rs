//! The access control list from outside: what it accepts, prints, refuses, decides, counts and
//! explains.

mod faults;

use std::{
    sync::{
        Arc, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use oauth_dcr::{
    MemoryStore, Registrar, RegistrationError, Tenants, Timestamp,
    acl::{
        Acl, AclScope, Asn, Conditions, CountryCode, Decision, EdgeSignal, Endpoint, Ja3, Ja4,
        Rule, Signal, Signals, SubdivisionCode, UnknownReason,
    },
    settings::SettingsDocument,
    tenants::TenantSelector,
};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

/// A rule of the registration endpoint.
fn rule(id: &str, priority: u32, action: &Value, conditions: &Value) -> Value {
    json!({
        "id": id, "description": "", "active": true, "priority": priority,
        "rule": { "action": action, "match": conditions, "scope": "dcr" },
    })
}

fn load(rules: &Value) -> Acl {
    Acl::from_json(&rules.to_string()).unwrap()
}

fn printed(acl: &Acl) -> Value {
    serde_json::to_value(acl).unwrap()
}

fn from(address: &str) -> Signals<'static> {
    Signals::from_peer(address.parse().unwrap())
}

/// The rule that decides about a registration with `signals`.
fn decided<'a>(acl: &'a Acl, signals: &Signals<'_>) -> Option<&'a str> {
    acl.evaluate(Endpoint::Registration, signals, NOW)
        .decided_by
        .and_then(Rule::id)
}

/// Every form of section 6 of the tenant ACL, as it is printed.
fn samples() -> Vec<Value> {
    let everything = json!({
        "ipv4_cidrs": ["198.51.100.0/24", "10.0.0.0/8", "192.0.2.1/32"],
        "ipv6_cidrs": ["2001:db8::/32", "::ffff:10.0.0.0/104"],
        "connecting_ipv4_cidrs": ["203.0.113.0/24"],
        "connecting_ipv6_cidrs": ["::/0"],
        "geo_country_codes": ["DE", "SE", "XK"],
        "geo_subdivision_codes": ["SE-AB", "US-CA"],
        "asns": [0, 64500, 4_294_967_295_u32],
        "ja3_fingerprints": ["e7d705a3286e19ea42f587b344ee6865"],
        "ja4_fingerprints": ["t13d1516h2_8daaf6152771_e5627efa2ab1"],
        "user_agents": ["Curl/8.5.0", "curl/8.5.0"],
        "hostnames": ["auth.example", "t1.eu.auth.example"],
    });
    let some = json!({"ipv4_cidrs": ["10.0.0.0/8"]});
    let whole = |action: Value, scope: &str, sides: Value| {
        let mut rule = json!({
            "description": "why", "active": true, "priority": 7,
            "rule": { "action": action, "scope": scope },
        });
        for (side, conditions) in sides.as_object().unwrap() {
            rule["rule"][side] = conditions.clone();
        }
        rule
    };
    let redirect = json!({"redirect": true, "redirect_uri": "https://help.example.com/blocked"});
    let mut samples = vec![
        whole(json!({"allow": true}), "dcr", json!({"match": some})),
        whole(
            json!({"block": true}),
            "authentication",
            json!({"not_match": some}),
        ),
        whole(redirect.clone(), "tenant", json!({"match": everything})),
        whole(
            json!({"log": true}),
            "management",
            json!({"match": everything, "not_match": some}),
        ),
        whole(
            json!({"allow": true, "log": true}),
            "dcr",
            json!({"match": some}),
        ),
        whole(
            json!({"block": true, "log": true}),
            "dcr",
            json!({"match": some}),
        ),
        whole(
            json!({"block": true}),
            "dcr",
            json!({"match": some, "not_match": everything}),
        ),
    ];
    let mut monitored_redirect = redirect;
    monitored_redirect["log"] = json!(true);
    samples.push(whole(monitored_redirect, "dcr", json!({"match": some})));
    let lists = everything.as_object().unwrap();
    samples.extend(lists.iter().map(|(name, values)| {
        whole(
            json!({"block": true}),
            "dcr",
            json!({"match": {name: values}}),
        )
    }));
    let mut last = samples[0].clone();
    last["id"] = json!("acl_1");
    last["active"] = json!(false);
    last["priority"] = json!(0);
    last["description"] = json!("");
    samples.push(last);
    samples
}

#[test]
fn every_sample_survives_a_round_trip() {
    for sample in samples() {
        let acl = load(&json!([sample]));
        assert_eq!(printed(&acl), json!([sample]));
        assert_eq!(load(&printed(&acl)), acl);
    }
    let all = Value::from(samples());
    assert_eq!(printed(&load(&all)), all);
    assert_eq!(printed(&load(&json!([]))), json!([]));
}

#[test]
fn other_spellings_are_printed_in_normal_form() {
    let written = r#"[{
        "rule": {
            "scope": "dcr",
            "not_match": {"hostnames": ["B.Example", "a.example"], "asns": ["AS64500", "1", 1]},
            "match": {
                "user_agents": ["b", "a", "b"],
                "ja4_fingerprints": ["T13D1516H2_8DAAF6152771_E5627EFA2AB1"],
                "ja3_fingerprints": ["E7D705A3286E19EA42F587B344EE6865"],
                "geo_subdivision_codes": ["us-ca"],
                "geo_country_codes": ["us", "SE", "US"],
                "connecting_ipv6_cidrs": ["::1"],
                "connecting_ipv4_cidrs": ["10.0.0.1"],
                "ipv6_cidrs": ["2001:DB8::/32"],
                "ipv4_cidrs": ["192.0.2.0/24", "10.0.0.0/8"]
            },
            "action": {"block": true, "allow": false, "redirect": false, "log": false}
        },
        "created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-01T00:00:00.000Z",
        "priority": 1
    }]"#;
    let normal = json!([{
        "description": "", "active": true, "priority": 1,
        "rule": {
            "action": {"block": true},
            "match": {
                "ipv4_cidrs": ["192.0.2.0/24", "10.0.0.0/8"],
                "ipv6_cidrs": ["2001:db8::/32"],
                "connecting_ipv4_cidrs": ["10.0.0.1/32"],
                "connecting_ipv6_cidrs": ["::1/128"],
                "geo_country_codes": ["SE", "US"],
                "geo_subdivision_codes": ["US-CA"],
                "ja3_fingerprints": ["e7d705a3286e19ea42f587b344ee6865"],
                "ja4_fingerprints": ["t13d1516h2_8daaf6152771_e5627efa2ab1"],
                "user_agents": ["a", "b"],
            },
            "not_match": {"asns": [1, 64500], "hostnames": ["a.example", "b.example"]},
            "scope": "dcr",
        },
    }]);
    let acl = Acl::from_json(written).unwrap();
    assert_eq!(printed(&acl), normal);
    assert_eq!(load(&normal), acl);
}

#[test]
fn rule_built_in_rust_equals_the_json_rule() {
    let conditions = Conditions::new()
        .hostnames(["Auth.Example"])
        .user_agents(["curl/8.5.0"])
        .ja4([Ja4::parse("t13d1516h2_8daaf6152771_e5627efa2ab1").unwrap()])
        .ja3([Ja3::parse("e7d705a3286e19ea42f587b344ee6865").unwrap()])
        .asns([Asn::new(64500)])
        .subdivisions([SubdivisionCode::parse("US-CA").unwrap()])
        .countries([CountryCode::parse("SE").unwrap()])
        .connecting(["10.0.0.0/8".parse().unwrap()])
        .networks([
            "2001:db8::/32".parse().unwrap(),
            "192.0.2.0/24".parse().unwrap(),
        ]);
    let built = Acl::new([Rule::block(AclScope::Tenant)
        .described("all")
        .priority(3)
        .monitoring()
        .inactive()
        .matching(conditions.clone())
        .not_matching(Conditions::new().asns([Asn::new(1)]))]);
    let built = built.unwrap();
    assert_eq!(load(&printed(&built)), built);
    assert_eq!(built.rules()[0].description(), "all");
    // A list replaces the one before it.
    let replaced = conditions
        .clone()
        .asns([Asn::new(1)])
        .asns([Asn::new(64500)]);
    assert_eq!(replaced, conditions);
}

#[test]
fn the_lowest_priority_decides_then_list_order() {
    let everyone = json!({"ipv4_cidrs": ["0.0.0.0/0"]});
    let [allow, block] = [json!({"allow": true}), json!({"block": true})];
    for (rules, first) in [
        (
            json!([
                rule("a", 2, &allow, &everyone),
                rule("b", 1, &block, &everyone)
            ]),
            "b",
        ),
        (
            json!([
                rule("a", 1, &allow, &everyone),
                rule("b", 1, &block, &everyone)
            ]),
            "a",
        ),
        (
            json!([
                rule("b", 1, &block, &everyone),
                rule("a", 1, &allow, &everyone)
            ]),
            "b",
        ),
        (
            json!([
                rule("a", 4_294_967_295, &allow, &everyone),
                rule("b", 0, &block, &everyone)
            ]),
            "b",
        ),
        (
            json!([
                rule("a", 5, &allow, &json!({"ipv4_cidrs": ["10.0.0.0/8"]})),
                rule("b", 5, &block, &everyone),
                rule("c", 5, &allow, &everyone),
            ]),
            "b",
        ),
    ] {
        assert_eq!(
            decided(&load(&rules), &from("203.0.113.5")),
            Some(first),
            "{rules}"
        );
    }
}

#[test]
fn absent_signal_never_matches_and_is_always_excluded() {
    for (name, value) in [
        ("ipv4_cidrs", json!("0.0.0.0/0")),
        ("ipv6_cidrs", json!("::/0")),
        ("connecting_ipv4_cidrs", json!("0.0.0.0/0")),
        ("connecting_ipv6_cidrs", json!("::/0")),
        ("geo_country_codes", json!("SE")),
        ("geo_subdivision_codes", json!("SE-AB")),
        ("asns", json!(64500)),
        (
            "ja3_fingerprints",
            json!("e7d705a3286e19ea42f587b344ee6865"),
        ),
        (
            "ja4_fingerprints",
            json!("t13d1516h2_8daaf6152771_e5627efa2ab1"),
        ),
        ("user_agents", json!("curl/8.5.0")),
        ("hostnames", json!("auth.example")),
    ] {
        let block = json!({"block": true});
        let mut rule = rule("a", 1, &block, &json!({name: [value]}));
        let nothing = Signals::new();
        // A missing address is unknown: the host did not pass it.
        if name.contains("_cidrs") {
            let acl = load(&json!([rule]));
            let verdict = acl.evaluate(Endpoint::Registration, &nothing, NOW);
            assert!(
                matches!(verdict.decision, Decision::Unanswered(_)),
                "{name}"
            );
            continue;
        }
        assert_eq!(decided(&load(&json!([rule])), &nothing), None, "{name}");
        let conditions = rule["rule"]
            .as_object_mut()
            .unwrap()
            .remove("match")
            .unwrap();
        rule["rule"]["not_match"] = conditions;
        assert_eq!(
            decided(&load(&json!([rule])), &nothing),
            Some("a"),
            "{name}"
        );
    }
}

#[test]
fn address_never_matches_the_other_family() {
    let v4 = load(&json!([rule(
        "a",
        1,
        &json!({"block": true}),
        &json!({"ipv4_cidrs": ["0.0.0.0/0"]})
    )]));
    let v6 = load(&json!([rule(
        "a",
        1,
        &json!({"block": true}),
        &json!({"ipv6_cidrs": ["::/0"]})
    )]));
    for (address, is_v4) in [
        ("203.0.113.5", true),
        ("::ffff:203.0.113.5", true),
        ("::1", false),
    ] {
        assert_eq!(decided(&v4, &from(address)).is_some(), is_v4, "{address}");
        assert_eq!(decided(&v6, &from(address)).is_some(), !is_v4, "{address}");
    }
}

#[test]
fn monitoring_rule_lets_the_next_rule_decide() {
    let [all, some] = [
        json!({"ipv4_cidrs": ["0.0.0.0/0"]}),
        json!({"ipv4_cidrs": ["10.0.0.0/8"]}),
    ];
    let acl = load(&json!([
        rule("allow", 0, &json!({"allow": true, "log": true}), &all),
        rule("log", 1, &json!({"log": true}), &all),
        rule(
            "other",
            2,
            &json!({"log": true}),
            &json!({"ipv4_cidrs": ["192.0.2.0/24"]})
        ),
        rule("block", 3, &json!({"block": true}), &some),
        rule("late", 4, &json!({"log": true}), &all),
    ]));
    for (address, decision, decided_by, monitored) in [
        (
            "10.0.0.1",
            Decision::Block,
            Some("block"),
            vec!["allow", "log"],
        ),
        (
            "203.0.113.5",
            Decision::Allow,
            None,
            vec!["allow", "log", "late"],
        ),
    ] {
        let verdict = acl.evaluate(Endpoint::Registration, &from(address), NOW);
        assert_eq!(verdict.decision, decision);
        assert_eq!(verdict.decided_by.and_then(Rule::id), decided_by);
        assert!(verdict.monitored.iter().all(|it| it.unknown.is_none()));
        let rules = verdict.monitored.into_iter().map(|it| it.rule);
        let ids: Vec<&str> = rules.filter_map(Rule::id).collect();
        assert_eq!(ids, monitored);
    }
}

#[test]
fn each_scope_covers_its_endpoints() {
    let endpoints = [
        Endpoint::Registration,
        Endpoint::Authentication,
        Endpoint::Management,
    ];
    for (scope, covered) in [
        ("dcr", [true, false, false]),
        ("authentication", [true, true, false]),
        ("tenant", [true, true, true]),
        ("management", [false, false, true]),
    ] {
        let mut rule = rule(
            "a",
            1,
            &json!({"block": true}),
            &json!({"ipv4_cidrs": ["0.0.0.0/0"]}),
        );
        rule["rule"]["scope"] = json!(scope);
        let acl = load(&json!([rule]));
        let blocked = endpoints.map(|endpoint| {
            let verdict = acl.evaluate(endpoint, &from("203.0.113.5"), NOW);
            verdict.decision == Decision::Block
        });
        assert_eq!(blocked, covered, "{scope}");
    }
}

#[test]
fn list_knows_the_signals_of_active_rules() {
    let block = json!({"block": true});
    let mut inactive = rule("b", 1, &block, &json!({"asns": [1]}));
    inactive["active"] = json!(false);
    let mut active = rule("a", 1, &block, &json!({"geo_country_codes": ["SE"]}));
    active["rule"]["not_match"] = json!({"connecting_ipv6_cidrs": ["::1"]});
    let acl = load(&json!([active, inactive]));
    let all = [
        Signal::Source,
        Signal::Connecting,
        Signal::Country,
        Signal::Subdivision,
        Signal::Asn,
        Signal::Ja3,
        Signal::Ja4,
        Signal::UserAgent,
        Signal::Hostname,
    ];
    let looked_at: Vec<Signal> = all
        .into_iter()
        .filter(|&signal| acl.looks_at(signal))
        .collect();
    assert_eq!(looked_at, [Signal::Connecting, Signal::Country]);
}

/// A list with a rule of each kind.
fn explained() -> Acl {
    let mut rules = [
        rule(
            "0",
            9,
            &json!({"block": true}),
            &json!({"ipv4_cidrs": ["0.0.0.0/0"]}),
        ),
        rule(
            "1",
            1,
            &json!({"block": true}),
            &json!({
                "ipv4_cidrs": ["198.51.100.0/24"], "geo_country_codes": ["DE"], "user_agents": ["a"],
            }),
        ),
        rule(
            "2",
            0,
            &json!({"log": true}),
            &json!({"hostnames": ["auth.example"]}),
        ),
        rule(
            "3",
            2,
            &json!({"redirect": true, "redirect_uri": "https://help.example.com/"}),
            &json!({
                "connecting_ipv4_cidrs": ["10.0.0.0/8"],
            }),
        ),
        rule(
            "4",
            3,
            &json!({"allow": true, "log": true}),
            &json!({"asns": [64500]}),
        ),
        rule("5", 0, &json!({"allow": true}), &json!({"asns": [64500]})),
        rule(
            "6",
            2,
            &json!({"block": true}),
            &json!({"ja3_fingerprints": ["e7d705a3286e19ea42f587b344ee6865"]}),
        ),
        rule(
            "7",
            1,
            &json!({"block": true}),
            &json!({"ja4_fingerprints": ["t13d1516h2_8daaf6152771_e5627efa2ab1"]}),
        ),
    ];
    rules[1]["description"] = json!("one network of one country");
    rules[2]["description"] = json!("watch the main host");
    rules[3]["rule"]["not_match"] = json!({"geo_subdivision_codes": ["US-CA"], "asns": [1]});
    rules[5]["active"] = json!(false);
    rules[7]["rule"]["scope"] = json!("management");
    load(&Value::from(rules.to_vec()))
}

#[test]
fn explanation_tells_why_a_request_was_redirected() {
    let signals = Signals::from_peer("10.0.0.2".parse().unwrap())
        .with_source("198.51.100.7".parse().unwrap())
        .country(CountryCode::parse("SE").unwrap())
        .asn(Asn::new(64500))
        .hostname("AUTH.example");
    let explanation = explained().explain(Endpoint::Registration, &signals);
    assert_eq!(explanation.decided_by, Some(3));
    let expected = "\
redirect to https://help.example.com/, by rule 3
  rule 2 (watch the main host) [log; priority 0; scope dcr]: matches, monitoring only
    match host name: holds
  rule 1 (one network of one country) [block; priority 1; scope dcr]: no match
    match source address: holds
    match country: does not hold
    match user agent: does not hold, the request does not have it
  rule 7 [block; priority 1; scope management]: another scope
    match JA4: does not hold, the request does not have it
  rule 3 [redirect to https://help.example.com/; priority 2; scope dcr]: decides
    match connecting address: holds
    not_match subdivision: holds, the request does not have it
    not_match ASN: holds
  rule 6 [block; priority 2; scope dcr]: not reached
    match JA3: does not hold, the request does not have it
  rule 4 [allow; priority 3; scope dcr]: not reached
    match ASN: holds
  rule 0 [block; priority 9; scope dcr]: not reached
    match source address: holds
  rule 5 [allow; priority 0; scope dcr]: not active
    match ASN: holds
";
    assert_eq!(explanation.to_string(), expected);
    assert_eq!(
        explained().report().acls[0].evaluated,
        0,
        "an explanation counts nothing"
    );
}

#[test]
fn explanation_names_the_unknown_signal() {
    let watch = json!({"log": true});
    let allow = json!({"allow": true});
    let countries = json!({"geo_country_codes": ["SE"]});
    let mut rules = [
        rule("0", 0, &watch, &countries),
        rule(
            "1",
            1,
            &allow,
            &json!({"geo_country_codes": ["SE"], "asns": [64500]}),
        ),
        rule(
            "2",
            2,
            &allow,
            &json!({"geo_country_codes": ["SE"], "asns": [64501]}),
        ),
        rule("3", 3, &json!({"block": true}), &json!({"asns": [64501]})),
    ];
    rules[2]["description"] = json!("a partner");
    let acl = load(&Value::from(rules.to_vec()));
    let signals = from("203.0.113.5")
        .unknown(EdgeSignal::Country, UnknownReason::UnreadableHeader)
        .asn(Asn::new(64501));
    let unknown = UnknownReason::UnreadableHeader;

    let verdict = acl.evaluate(Endpoint::Registration, &signals, NOW);
    assert!(matches!(
        verdict.decision,
        Decision::Unanswered(it) if it.signal == Signal::Country && it.reason == unknown
    ));
    assert_eq!(verdict.decided_by.and_then(Rule::id), Some("2"));
    let [watched] = &verdict.monitored[..] else {
        panic!("{:?}", verdict.monitored);
    };
    assert_eq!(watched.unknown.map(|it| it.reason), Some(unknown));

    let explanation = acl.explain(Endpoint::Registration, &signals);
    assert_eq!(explanation.decided_by, Some(2));
    let expected = "\
refuse: rule 2 (a partner) needs the country, which is unknown
  rule 0 [log; priority 0; scope dcr]: can't be evaluated, monitoring only
    match country: unknown, because the header of this signal can't be read
  rule 1 [allow; priority 1; scope dcr]: no match
    match country: unknown, because the header of this signal can't be read
    match ASN: does not hold
  rule 2 (a partner) [allow; priority 2; scope dcr]: can't be evaluated, refuses
    match country: unknown, because the header of this signal can't be read
    match ASN: holds
  rule 3 [block; priority 3; scope dcr]: not reached
    match ASN: holds
";
    assert_eq!(explanation.to_string(), expected);

    let report = acl.report().acls;
    let unanswered: Vec<u64> = report.iter().map(|it| it.unanswered).collect();
    assert_eq!(unanswered, [1, 0, 1, 0]);
    let evaluated: Vec<u64> = report.iter().map(|it| it.evaluated).collect();
    assert_eq!(evaluated, [1, 1, 1, 0]);
}

#[test]
fn explanation_tells_why_a_request_was_allowed() {
    let acl = load(&json!([rule(
        "a",
        1,
        &json!({"block": true}),
        &json!({"ipv6_cidrs": ["::/0"]})
    )]));
    let explanation = acl.explain(Endpoint::Registration, &from("203.0.113.5"));
    assert_eq!(explanation.decided_by, None);
    let expected = "\
allow: no rule decides
  rule 0 [block; priority 1; scope dcr]: no match
    match source address: does not hold
";
    assert_eq!(explanation.to_string(), expected);
}

#[test]
fn each_rule_counts_its_evaluations_and_matches() {
    let [all, some] = [
        json!({"ipv4_cidrs": ["0.0.0.0/0"]}),
        json!({"ipv4_cidrs": ["10.0.0.0/8"]}),
    ];
    let mut tenant = rule("tenant", 1, &json!({"block": true}), &some);
    tenant["rule"]["scope"] = json!("tenant");
    let mut management = rule("management", 3, &json!({"log": true}), &all);
    management["rule"]["scope"] = json!("management");
    management["description"] = json!("watch");
    let mut inactive = rule("inactive", 0, &json!({"block": true}), &all);
    inactive["active"] = json!(false);
    let mut nameless = rule("", 5, &json!({"allow": true}), &all);
    nameless.as_object_mut().unwrap().remove("id");
    let acl = load(&json!([
        inactive,
        rule("watch", 0, &json!({"block": true, "log": true}), &all),
        tenant,
        rule(
            "dcr",
            2,
            &json!({"block": true}),
            &json!({"ipv4_cidrs": ["192.0.2.0/24"]})
        ),
        management,
        nameless,
    ]));
    let before = serde_json::to_value(acl.report()).unwrap();
    assert_eq!(before["start_time"], Value::Null);
    assert_eq!(before["acls"].as_array().unwrap().len(), 5);

    let mut now = NOW;
    for (endpoint, address, times) in [
        (Endpoint::Registration, "203.0.113.5", 100),
        (Endpoint::Registration, "10.0.0.1", 10),
        (Endpoint::Registration, "192.0.2.1", 1),
        (Endpoint::Authentication, "203.0.113.5", 1_000),
        (Endpoint::Authentication, "10.0.0.1", 10_000),
        (Endpoint::Management, "203.0.113.5", 100_000),
        (Endpoint::Management, "10.0.0.1", 20_000),
    ] {
        for _ in 0..times {
            let _ = acl.evaluate(endpoint, &from(address), now);
        }
        now = now.saturating_add(std::time::Duration::from_secs(1));
    }
    let expected = json!({
        "type": "acls_summary",
        "start_time": 1_800_000_000_000_u64,
        "acls": [
            {"id": "watch", "description": "", "priority": 0, "evaluated": 111, "matched": 111, "unanswered": 0},
            {"id": "tenant", "description": "", "priority": 1, "evaluated": 131_111, "matched": 30_010, "unanswered": 0},
            {"id": "dcr", "description": "", "priority": 2, "evaluated": 101, "matched": 1, "unanswered": 0},
            {"id": "management", "description": "watch", "priority": 3, "evaluated": 100_000, "matched": 100_000, "unanswered": 0},
            {"description": "", "priority": 5, "evaluated": 100, "matched": 100, "unanswered": 0},
        ],
    });
    assert_eq!(serde_json::to_value(acl.report()).unwrap(), expected);
    // Clones share their counts; a newly loaded list starts at zero.
    let _ = acl
        .clone()
        .evaluate(Endpoint::Registration, &from("203.0.113.5"), now);
    assert_eq!(acl.report().acls[0].evaluated, 112);
    assert_eq!(load(&printed(&acl)).report().start_time, None);
}

#[test]
fn counts_of_many_threads_are_exact() {
    const EACH: u64 = 20_000;
    let acl = load(&json!([
        rule(
            "watch",
            0,
            &json!({"log": true}),
            &json!({"ipv4_cidrs": ["10.0.0.0/8"]})
        ),
        rule(
            "block",
            1,
            &json!({"block": true}),
            &json!({"ipv4_cidrs": ["10.0.0.0/8"]})
        ),
        rule(
            "rest",
            2,
            &json!({"allow": true}),
            &json!({"ipv4_cidrs": ["0.0.0.0/0"]})
        ),
    ]));
    thread::scope(|scope| {
        for at in 0..8 {
            let acl = acl.clone();
            let signals = from(if at % 2 == 0 {
                "10.0.0.1"
            } else {
                "203.0.113.5"
            });
            scope.spawn(move || {
                for _ in 0..EACH {
                    let _ = acl.evaluate(Endpoint::Registration, &signals, NOW);
                }
            });
        }
    });
    let report = acl.report();
    let counted: Vec<(u64, u64)> = report
        .acls
        .iter()
        .map(|it| (it.evaluated, it.matched))
        .collect();
    assert_eq!(
        counted,
        [
            (8 * EACH, 4 * EACH),
            (8 * EACH, 4 * EACH),
            (4 * EACH, 4 * EACH)
        ]
    );
}

/// A list of 20 rules. All but the last monitor under `name`, and the last decides. No rule is
/// equal to a rule of another list.
fn disagreeing(name: &str, action: &Value) -> Value {
    let all = json!({"ipv4_cidrs": ["0.0.0.0/0"]});
    let mut rules: Vec<Value> = (0..19)
        .map(|at| rule(&format!("{name}{at}"), at, &json!({"log": true}), &all))
        .collect();
    rules.push(rule(&format!("{name}19"), 19, action, &all));
    rules.into()
}

#[test]
fn list_replaced_under_load_is_old_or_new() {
    let lists = [
        load(&disagreeing("old", &json!({"allow": true}))),
        load(&disagreeing("new", &json!({"block": true}))),
    ];
    let shared = RwLock::new(Arc::new(lists[0].clone()));
    let done = AtomicBool::new(false);
    let seen = [AtomicU64::new(0), AtomicU64::new(0)];
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let acl = Arc::clone(&shared.read().unwrap());
                    let verdict = acl.evaluate(Endpoint::Registration, &from("203.0.113.5"), NOW);
                    let (which, name) = match verdict.decision {
                        Decision::Allow => (0, "old"),
                        _ => (1, "new"),
                    };
                    seen[which].fetch_add(1, Ordering::Relaxed);
                    let rules = verdict.monitored.into_iter().map(|it| it.rule);
                    let rules = rules.chain(verdict.decided_by);
                    let ids: Vec<&str> = rules.filter_map(Rule::id).collect();
                    let whole: Vec<String> = (0..20).map(|at| format!("{name}{at}")).collect();
                    assert_eq!(ids, whole);
                }
            });
        }
        for swap in 0..1_000 {
            // Both lists are observed, however the threads are scheduled.
            let before = seen[swap % 2].load(Ordering::Relaxed);
            while seen[swap % 2].load(Ordering::Relaxed) == before {
                thread::yield_now();
            }
            *shared.write().unwrap() = Arc::new(lists[(swap + 1) % 2].clone());
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn settings_replaced_under_load_are_old_or_new() {
    let document = |rules: &Value| {
        let json = json!({"tenants": [{
            "id": "a", "acl": rules, "registration": {"enabled": true, "rate_limit": null},
        }]});
        SettingsDocument::from_json(&json.to_string()).unwrap()
    };
    let mut lists = ["old", "new"].map(|name| {
        let mut rules = disagreeing(name, &json!({"block": true}));
        rules[19]["description"] = json!(name);
        rules
    });
    // The second list refuses with a redirect, so the kind and the rule must belong together.
    lists[1][19]["rule"]["action"] =
        json!({"redirect": true, "redirect_uri": "https://new.example/"});
    let documents = lists.each_ref().map(document);
    let tenants = Tenants::new(documents[0].clone());
    let registrar = Registrar::builder(MemoryStore::new())
        .tenants(tenants.clone())
        .build()
        .unwrap();
    let done = AtomicBool::new(false);
    let seen = [AtomicU64::new(0), AtomicU64::new(0)];
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap();
                while !done.load(Ordering::Relaxed) {
                    let admitted = registrar.admit(TenantSelector::Host(None), from("203.0.113.5"));
                    match runtime.block_on(admitted) {
                        Err(RegistrationError::Blocked { rule }) if rule == "old" => {
                            seen[0].fetch_add(1, Ordering::Relaxed);
                        }
                        Err(RegistrationError::Redirected { rule, location })
                            if rule == "new" && location.as_str() == "https://new.example/" =>
                        {
                            seen[1].fetch_add(1, Ordering::Relaxed);
                        }
                        other => panic!("{other:?}"),
                    }
                }
            });
        }
        for swap in 0..1_000 {
            let before = seen[swap % 2].load(Ordering::Relaxed);
            while seen[swap % 2].load(Ordering::Relaxed) == before {
                thread::yield_now();
            }
            tenants.replace(documents[(swap + 1) % 2].clone());
        }
        done.store(true, Ordering::Relaxed);
    });
}
