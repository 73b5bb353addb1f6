//! What is refused when a list is loaded, and how the error names the position.

use oauth_dcr::acl::{Acl, AclError, AclFault, AclScope, Asn, Conditions, CountryCode, Rule};
use serde_json::{Value, json};

/// A list whose second rule is changed by `change`.
fn changed(change: impl Fn(&mut Value)) -> String {
    let mut rules = json!([rule(), rule()]);
    change(&mut rules[1]);
    rules.to_string()
}

fn rule() -> Value {
    json!({
        "description": "", "active": true, "priority": 1,
        "rule": {
            "action": {"block": true}, "match": {"ipv4_cidrs": ["10.0.0.0/8"]}, "scope": "dcr",
        },
    })
}

fn error(json: &str) -> AclError {
    Acl::from_json(json).expect_err(json)
}

/// Asserts that the error of a list with this change is in the second rule, at `field` and `index`.
fn refused(change: impl Fn(&mut Value), field: &str, index: Option<usize>, fault: AclFault) {
    let json = changed(change);
    let error = error(&json);
    assert_eq!(
        (error.rule(), error.field(), error.index(), error.fault()),
        (Some(1), field, index, fault),
        "{json}"
    );
    let place = index.map(|index| format!("[{index}]")).unwrap_or_default();
    let dot = if field.is_empty() { "" } else { "." };
    let begins = format!("acl[1]{dot}{field}{place} {fault}");
    assert!(error.to_string().starts_with(&begins), "{error}");
}

#[test]
fn every_member_of_a_rule_is_checked() {
    use AclFault as F;
    let set = |name: &'static str, value: Value| move |rule: &mut Value| rule[name] = value.clone();
    for (name, value, fault) in [
        ("surprise", json!(1), F::UnknownField),
        ("Priority", json!(1), F::UnknownField),
        ("description", json!(1), F::WrongType),
        ("description", Value::Null, F::WrongType),
        ("active", json!("true"), F::WrongType),
        ("active", json!(1), F::WrongType),
        ("id", json!(1), F::WrongType),
        ("priority", json!("1"), F::WrongType),
        ("priority", Value::Null, F::WrongType),
        ("priority", json!(-1), F::Malformed),
        ("priority", json!(1.5), F::Malformed),
        ("priority", json!(4_294_967_296_u64), F::Malformed),
        ("rule", json!([]), F::WrongType),
        ("rule", Value::Null, F::WrongType),
    ] {
        refused(set(name, value), name, None, fault);
    }
    for name in ["priority", "rule"] {
        let remove = |rule: &mut Value| drop(rule.as_object_mut().unwrap().remove(name));
        refused(remove, name, None, F::Required);
    }
    refused(|rule| *rule = json!("block"), "", None, F::WrongType);
}

#[test]
fn every_member_of_the_body_is_checked() {
    use AclFault as F;
    for (name, value, fault) in [
        ("surprise", json!({}), F::UnknownField),
        ("scope", json!("everything"), F::UnknownScope),
        ("scope", json!("DCR"), F::UnknownScope),
        ("scope", json!(["dcr"]), F::WrongType),
        ("action", json!("block"), F::WrongType),
        ("match", json!([]), F::WrongType),
        ("match", Value::Null, F::WrongType),
        ("not_match", json!("10.0.0.0/8"), F::WrongType),
        ("match", json!({}), F::NoCondition),
        ("not_match", json!({}), F::NoCondition),
    ] {
        let set = |rule: &mut Value| rule["rule"][name] = value.clone();
        refused(set, &format!("rule.{name}"), None, fault);
    }
    for name in ["scope", "action"] {
        let remove = |rule: &mut Value| drop(rule["rule"].as_object_mut().unwrap().remove(name));
        refused(remove, &format!("rule.{name}"), None, F::Required);
    }
    let without = |rule: &mut Value| drop(rule["rule"].as_object_mut().unwrap().remove("match"));
    refused(without, "rule", None, F::NoCondition);
}

#[test]
fn rule_has_one_action_and_redirects_need_targets() {
    use AclFault as F;
    let uri = "https://help.example.com/";
    for (action, field, fault) in [
        (json!({}), "", F::NotOneAction),
        (json!({"allow": false}), "", F::NotOneAction),
        (json!({"log": false}), "", F::NotOneAction),
        (json!({"allow": true, "block": true}), "", F::NotOneAction),
        (
            json!({"allow": true, "block": true, "log": true}),
            "",
            F::NotOneAction,
        ),
        (
            json!({"block": true, "redirect": true, "redirect_uri": uri}),
            "",
            F::NotOneAction,
        ),
        (json!({"deny": true}), "deny", F::UnknownField),
        (json!({"Block": true}), "Block", F::UnknownField),
        (json!({"block": 1}), "block", F::WrongType),
        (json!({"allow": "true"}), "allow", F::WrongType),
        (json!({"log": null}), "log", F::WrongType),
        (json!({"redirect": uri}), "redirect", F::WrongType),
        (
            json!({"redirect": true}),
            "redirect_uri",
            F::RedirectIncomplete,
        ),
        (
            json!({"redirect_uri": uri}),
            "redirect_uri",
            F::RedirectIncomplete,
        ),
        (
            json!({"block": true, "redirect_uri": uri}),
            "redirect_uri",
            F::RedirectIncomplete,
        ),
        (
            json!({"redirect": false, "redirect_uri": uri}),
            "redirect_uri",
            F::RedirectIncomplete,
        ),
        (
            json!({"redirect": true, "redirect_uri": 1}),
            "redirect_uri",
            F::WrongType,
        ),
        (
            json!({"redirect": true, "redirect_uri": "http://a.example/"}),
            "redirect_uri",
            F::Malformed,
        ),
        (
            json!({"redirect": true, "redirect_uri": "/blocked"}),
            "redirect_uri",
            F::Malformed,
        ),
        (
            json!({"redirect": true, "redirect_uri": "//a.example/"}),
            "redirect_uri",
            F::Malformed,
        ),
        (
            json!({"redirect": true, "redirect_uri": ""}),
            "redirect_uri",
            F::Malformed,
        ),
        (
            json!({"redirect": true, "redirect_uri": "https://a.example/\r\nx: y"}),
            "redirect_uri",
            F::Malformed,
        ),
    ] {
        let dot = if field.is_empty() { "" } else { "." };
        let set = |rule: &mut Value| rule["rule"]["action"] = action.clone();
        refused(set, &format!("rule.action{dot}{field}"), None, fault);
    }
}

fn host_bits(network: &str) -> AclFault {
    let network = network.parse().unwrap();
    AclFault::HostBits { network }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table with a line or two a value")]
fn error_names_the_position_of_a_bad_value() {
    use AclFault as F;
    for (name, good, bad, fault) in [
        (
            "ipv4_cidrs",
            "10.0.0.0/8",
            json!("10.0.0.5/8"),
            host_bits("10.0.0.5/8"),
        ),
        (
            "ipv4_cidrs",
            "10.0.0.0/8",
            json!("10.0.0.0/33"),
            F::Malformed,
        ),
        (
            "ipv4_cidrs",
            "10.0.0.0/8",
            json!("10.0.0.0/-1"),
            F::Malformed,
        ),
        (
            "ipv4_cidrs",
            "10.0.0.0/8",
            json!("10.0.0.0/255.0.0.0"),
            F::Malformed,
        ),
        ("ipv4_cidrs", "10.0.0.0/8", json!("10.0.0/24"), F::Malformed),
        (
            "ipv4_cidrs",
            "10.0.0.0/8",
            json!("010.0.0.0/8"),
            F::Malformed,
        ),
        (
            "ipv4_cidrs",
            "10.0.0.0/8",
            json!(" 10.0.0.0/8"),
            F::Malformed,
        ),
        ("ipv4_cidrs", "10.0.0.0/8", json!("localhost"), F::Malformed),
        ("ipv4_cidrs", "10.0.0.0/8", json!(""), F::Malformed),
        ("ipv4_cidrs", "10.0.0.0/8", json!(10), F::WrongType),
        (
            "ipv4_cidrs",
            "10.0.0.0/8",
            json!("2001:db8::/32"),
            F::WrongFamily,
        ),
        (
            "ipv4_cidrs",
            "10.0.0.0/8",
            json!("::ffff:10.0.0.0/104"),
            F::WrongFamily,
        ),
        (
            "ipv6_cidrs",
            "::/0",
            json!("2001:db8::1/32"),
            host_bits("2001:db8::1/32"),
        ),
        ("ipv6_cidrs", "::/0", json!("::/129"), F::Malformed),
        ("ipv6_cidrs", "::/0", json!("fe80::1%eth0"), F::Malformed),
        ("ipv6_cidrs", "::/0", json!("[::1]"), F::Malformed),
        ("ipv6_cidrs", "::/0", json!("10.0.0.0/8"), F::WrongFamily),
        (
            "connecting_ipv4_cidrs",
            "10.0.0.1",
            json!("10.0.0.1/31"),
            host_bits("10.0.0.1/31"),
        ),
        (
            "connecting_ipv4_cidrs",
            "10.0.0.1",
            json!("::1"),
            F::WrongFamily,
        ),
        (
            "connecting_ipv6_cidrs",
            "::1",
            json!("::1/127"),
            host_bits("::1/127"),
        ),
        (
            "connecting_ipv6_cidrs",
            "::1",
            json!("127.0.0.1"),
            F::WrongFamily,
        ),
        ("geo_country_codes", "SE", json!("UK"), F::Malformed),
        ("geo_country_codes", "SE", json!("SWE"), F::Malformed),
        ("geo_country_codes", "SE", json!(""), F::Malformed),
        ("geo_country_codes", "SE", json!(46), F::WrongType),
        ("geo_subdivision_codes", "US-CA", json!("US"), F::Malformed),
        (
            "geo_subdivision_codes",
            "US-CA",
            json!("UK-ENG"),
            F::Malformed,
        ),
        (
            "geo_subdivision_codes",
            "US-CA",
            json!("US-CALI"),
            F::Malformed,
        ),
        (
            "geo_subdivision_codes",
            "US-CA",
            json!(["US-CA"]),
            F::WrongType,
        ),
        ("asns", "AS64500", json!("ASN64500"), F::Malformed),
        ("asns", "AS64500", json!("AS"), F::Malformed),
        ("asns", "AS64500", json!(-1), F::Malformed),
        ("asns", "AS64500", json!(1.5), F::Malformed),
        ("asns", "AS64500", json!(4_294_967_296_u64), F::Malformed),
        ("asns", "AS64500", json!(true), F::WrongType),
        (
            "ja3_fingerprints",
            "e7d705a3286e19ea42f587b344ee6865",
            json!("e7d705a3286e19ea42f587b344ee686"),
            F::Malformed,
        ),
        (
            "ja3_fingerprints",
            "e7d705a3286e19ea42f587b344ee6865",
            json!("g7d705a3286e19ea42f587b344ee6865"),
            F::Malformed,
        ),
        (
            "ja4_fingerprints",
            "t13d1516h2_8daaf6152771_e5627efa2ab1",
            json!("t13d1516h2_8daaf6152771"),
            F::Malformed,
        ),
        (
            "ja4_fingerprints",
            "t13d1516h2_8daaf6152771_e5627efa2ab1",
            json!(13),
            F::WrongType,
        ),
        ("user_agents", "curl/8.5.0", json!(""), F::Malformed),
        ("user_agents", "curl/8.5.0", json!({}), F::WrongType),
        (
            "hostnames",
            "auth.example",
            json!("*.auth.example"),
            F::Malformed,
        ),
        (
            "hostnames",
            "auth.example",
            json!("auth.example."),
            F::Malformed,
        ),
        (
            "hostnames",
            "auth.example",
            json!("auth.example:443"),
            F::Malformed,
        ),
        ("hostnames", "auth.example", json!("a b"), F::Malformed),
        ("hostnames", "auth.example", json!(""), F::Malformed),
        ("hostnames", "auth.example", json!(1), F::WrongType),
    ] {
        for side in ["match", "not_match"] {
            let field = format!("rule.{side}.{name}");
            let set =
                |value: Value| move |rule: &mut Value| rule["rule"][side] = json!({name: value});
            refused(set(json!([good, good, bad, good])), &field, Some(2), fault);
            refused(set(json!([])), &field, None, F::EmptyList);
            refused(set(json!(good)), &field, None, F::WrongType);
            refused(set(Value::Null), &field, None, F::WrongType);
        }
    }
    let unknown = |rule: &mut Value| rule["rule"]["match"] = json!({"ip_cidrs": ["10.0.0.0/8"]});
    refused(unknown, "rule.match.ip_cidrs", None, F::UnknownField);
    let empty = |rule: &mut Value| rule["rule"]["not_match"] = json!({"asns": []});
    refused(empty, "rule.not_match.asns", None, F::EmptyList);
}

#[test]
fn a_duplicate_member_is_named() {
    let good = rule().to_string();
    for (once, twice, field) in [
        (
            r#""priority":1"#,
            r#""priority":1,"priority":2"#,
            "priority",
        ),
        (
            r#""scope":"dcr""#,
            r#""scope":"dcr","scope":"tenant""#,
            "rule.scope",
        ),
        (
            r#""block":true"#,
            r#""block":true,"block":false"#,
            "rule.action.block",
        ),
        (
            r#""ipv4_cidrs":["10.0.0.0/8"]"#,
            r#""ipv4_cidrs":["10.0.0.0/8"],"ipv4_cidrs":["192.0.2.0/24"]"#,
            "rule.match.ipv4_cidrs",
        ),
        (
            r#""scope":"dcr""#,
            r#""scope":"dcr","sc\u006fpe":"dcr""#,
            "rule.scope",
        ),
    ] {
        let bad = good.replace(once, twice);
        assert_ne!(bad, good);
        let error = error(&format!("[{good},{bad}]"));
        assert_eq!(
            (error.rule(), error.field(), error.fault()),
            (Some(1), field, AclFault::RepeatedField)
        );
    }
}

#[test]
fn access_control_list_is_a_json_list() {
    let not_json = |line, column| AclFault::NotJson { line, column };
    for (json, fault) in [
        ("", not_json(1, 0)),
        ("[", not_json(1, 1)),
        ("[]]", not_json(1, 3)),
        ("[{]", not_json(1, 3)),
        ("[\n  {},\n]", not_json(3, 1)),
        ("{}", AclFault::WrongType),
        ("null", AclFault::WrongType),
        ("\"[]\"", AclFault::WrongType),
    ] {
        let error = error(json);
        assert_eq!(
            (error.rule(), error.field(), error.fault()),
            (None, "", fault),
            "{json}"
        );
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(
        error(&deep).fault(),
        AclFault::NotJson { line: 1, .. }
    ));
    assert_eq!(
        error("[\n  {},\n]").to_string(),
        "acl is not JSON: there is a syntax error at line 3, column 1"
    );
}

#[test]
fn more_than_a_thousand_rules_are_refused() {
    let rules = vec![rule(); 1_000];
    assert_eq!(
        Acl::from_json(&json!(rules).to_string())
            .unwrap()
            .rules()
            .len(),
        1_000
    );
    let error = error(&json!(vec![rule(); 1_001]).to_string());
    assert_eq!(
        (error.rule(), error.fault()),
        (None, AclFault::TooManyRules)
    );
    assert_eq!(error.to_string(), "acl there are more than 1000 rules");
    let built = (0..1_001)
        .map(|at| Rule::log(AclScope::Dcr).matching(Conditions::new().asns([Asn::new(at)])));
    assert_eq!(Acl::new(built).unwrap_err().fault(), AclFault::TooManyRules);
}

#[test]
fn more_than_a_million_values_are_refused() {
    let asns: Vec<u32> = (0..1_000_000).collect();
    let list = |asns: &[u32]| changed(|rule| rule["rule"]["match"] = json!({"asns": asns}));
    assert!(Acl::from_json(&list(&asns)).is_ok());
    let over: Vec<u32> = (0..1_000_001).collect();
    let error = error(&list(&over));
    assert_eq!(
        (error.rule(), error.field(), error.index(), error.fault()),
        (Some(1), "rule.match.asns", None, AclFault::TooManyValues)
    );
    // A list built in Rust has the same limit.
    let built = |asns: &[u32]| {
        let listed = Conditions::new().asns(asns.iter().copied().map(Asn::new));
        Acl::new([Rule::block(AclScope::Dcr).matching(listed)])
    };
    assert!(built(&asns).is_ok());
    assert_eq!(built(&over).unwrap_err().fault(), AclFault::TooManyValues);
}

#[test]
fn values_of_each_address_family_are_counted_separately() {
    let v4 = (0..600_000).map(|at| ipnet::Ipv4Net::new_assert(at.into(), 32).into());
    let v6 = (0..600_000).map(|at: u128| ipnet::Ipv6Net::new_assert((at << 64).into(), 64).into());
    let both = Conditions::new().networks(v4.chain(v6));
    assert!(Acl::new([Rule::block(AclScope::Dcr).matching(both)]).is_ok());
    let v4 = (0..1_000_001).map(|at| ipnet::Ipv4Net::new_assert(at.into(), 32).into());
    let error = Acl::new([Rule::block(AclScope::Dcr).not_matching(Conditions::new().networks(v4))]);
    let error = error.unwrap_err();
    assert_eq!(
        (error.field(), error.fault()),
        ("rule.not_match", AclFault::TooManyValues)
    );
}

#[test]
fn rule_built_in_rust_needs_condition_and_values() {
    let block = || Rule::block(AclScope::Dcr);
    for (rule, field, fault) in [
        (block(), "rule", AclFault::NoCondition),
        (
            block().matching(Conditions::new()),
            "rule.match",
            AclFault::NoCondition,
        ),
        (
            block().not_matching(Conditions::new().asns([])),
            "rule.not_match",
            AclFault::EmptyList,
        ),
        (
            block().matching(Conditions::new().networks([])),
            "rule.match",
            AclFault::EmptyList,
        ),
    ] {
        let good = block().matching(Conditions::new().asns([Asn::new(1)]));
        let error = Acl::new([good, rule]).unwrap_err();
        assert_eq!(
            (error.rule(), error.field(), error.fault()),
            (Some(1), field, fault)
        );
    }
}

#[test]
fn rule_built_in_rust_has_the_json_limits() {
    let net = |text: &str| text.parse().unwrap();
    for (conditions, text) in [
        (
            Conditions::new().networks([
                net("2001:db8::1/32"),
                net("10.0.0.0/8"),
                net("10.0.0.5/8"),
            ]),
            "acl[0].rule.match.ipv4_cidrs[1] has bits set after its prefix: write \"10.0.0.0/8\" for the \
             network, or \"10.0.0.5\" for this address alone",
        ),
        (
            Conditions::new().connecting([net("10.0.0.0/8"), net("::1/127")]),
            "acl[0].rule.match.connecting_ipv6_cidrs[0] has bits set after its prefix: write \"::/127\" for \
             the network, or \"::1\" for this address alone",
        ),
        (
            Conditions::new().user_agents(["curl/8.5.0", ""]),
            "acl[0].rule.match.user_agents has the wrong form: write a list, each entry \
             the whole text of a User-Agent header, such as \"curl/8.5.0\"",
        ),
        (
            Conditions::new().hostnames(["auth.example", "auth.example:443"]),
            "acl[0].rule.match.hostnames has the wrong form: write a list, each entry a \
             host name without scheme, port and path, such as \"auth.example.com\"",
        ),
    ] {
        let rule = Rule::block(AclScope::Dcr).matching(conditions);
        assert_eq!(Acl::new([rule]).unwrap_err().to_string(), text);
    }
}

#[test]
fn duplicate_values_count_towards_the_limit() {
    let same = vec![7; 1_000_001];
    let json = changed(|rule| rule["rule"]["match"] = json!({ "asns": same }));
    assert_eq!(error(&json).fault(), AclFault::TooManyValues);
    let listed = Conditions::new().asns(same.into_iter().map(Asn::new));
    let built = Acl::new([Rule::block(AclScope::Dcr).matching(listed)]);
    assert_eq!(built.unwrap_err().fault(), AclFault::TooManyValues);
}

#[test]
fn later_list_for_a_signal_replaces_the_earlier() {
    let listed = Conditions::new().asns([]).asns([Asn::new(1)]);
    let acl = Acl::new([Rule::block(AclScope::Dcr).matching(listed)]).unwrap();
    let same = Conditions::new().asns([Asn::new(1)]);
    let same = Acl::new([Rule::block(AclScope::Dcr).matching(same)]).unwrap();
    assert_eq!(acl, same);
}

#[test]
fn rule_that_no_list_accepts_is_not_serialized() {
    let sweden = CountryCode::parse("SE").unwrap();
    let wide = Conditions::new()
        .networks(["10.0.0.5/8".parse().unwrap()])
        .countries([sweden]);
    let rule = Rule::block(AclScope::Dcr).matching(wide);
    let error = serde_json::to_string(&rule).unwrap_err().to_string();
    assert!(error.contains("has bits set after its prefix"), "{error}");
}

#[test]
fn reading_reports_the_first_error() {
    let no_condition = || {
        let mut rule = rule();
        rule["rule"]["match"] = json!({});
        rule
    };
    let with = |member: &str, value: Value| {
        let mut rule = rule();
        rule["rule"][member] = value;
        rule
    };
    for (rules, place) in [
        // Errors of reading come before errors that concern all rules.
        (
            json!([no_condition(), with("scope", json!(1))]),
            "acl[1].rule.scope ",
        ),
        (
            json!([no_condition(), with("match", json!({"asns": []}))]),
            "acl[1].rule.match.asns ",
        ),
        (
            json!([no_condition(), no_condition()]),
            "acl[0].rule.match ",
        ),
        // Members are read in the order of their names, and values in the order of the list.
        (
            json!([with("match", json!({"asns": [], "geo_country_codes": 1}))]),
            "acl[0].rule.match.asns ",
        ),
        (
            json!([with("match", json!({"ipv4_cidrs": ["10.0.0.5/8", 1]}))]),
            "acl[0].rule.match.ipv4_cidrs[0] has bits set",
        ),
        (
            json!([with("match", json!({"ipv4_cidrs": [1, "10.0.0.5/8"]}))]),
            "acl[0].rule.match.ipv4_cidrs[0] has the wrong",
        ),
        (
            json!([with("match", json!({"ipv4_cidrs": ["::1/32"]}))]),
            "acl[0].rule.match.ipv4_cidrs[0] is a network of the other address family",
        ),
        (
            json!([with(
                "action",
                json!({"allow": true, "block": true, "redirect": true})
            )]),
            "acl[0].rule.action.redirect_uri ",
        ),
    ] {
        let error = error(&rules.to_string()).to_string();
        assert!(error.starts_with(place), "{rules}: {error}");
    }
}
