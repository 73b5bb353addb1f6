//! What the error says if a value of an access rule has the wrong form: the position, and what to
//! write.

use oauth_dcr::{
    acl::{Acl, AclFault},
    settings::SettingsDocument,
};
use serde_json::{Value, json};
use std::error::Error as _;

/// A rule with one list of values.
fn with_values(field: &str, values: Value) -> Value {
    let mut rule = json!({ "priority": 1, "rule": {
        "action": { "block": true }, "match": {}, "scope": "dcr"
    } });
    rule["rule"]["match"][field] = values;
    rule
}

/// The error for the second rule of a list, through the access control list and through settings.
fn error(rule: &Value) -> String {
    let good = with_values("asns", json!([1]));
    let acl = json!([good, rule]);
    let text = Acl::from_json(&acl.to_string()).unwrap_err().to_string();
    let document = json!({ "tenants": [ { "id": "a", "acl": acl } ] }).to_string();
    let error = SettingsDocument::from_json(&document).unwrap_err();
    assert_eq!(error.path(), "tenants[0].acl");
    let cause = error.source().unwrap().to_string();
    assert!(
        cause.starts_with(&format!("{text} at line 1 column ")),
        "{cause}"
    );
    text
}

const FORMS: [(&str, &str, &[&str]); 11] = [
    (
        "ipv4_cidrs",
        r#"a network such as "198.51.100.0/24", or an address such as "198.51.100.7""#,
        &[
            "198.51.100.0/33",
            "198.51.100",
            "office",
            "",
            "198.51.100.0/024",
            "0x7f.0.0.1",
        ],
    ),
    (
        "ipv6_cidrs",
        r#"a network such as "2001:db8::/32", or an address such as "2001:db8::1""#,
        &["2001:db8::/129", "2001:db8", "[::1]", "::1%eth0"],
    ),
    (
        "connecting_ipv4_cidrs",
        r#"a network such as "198.51.100.0/24", or an address such as "198.51.100.7""#,
        &["198.51.100.*"],
    ),
    (
        "connecting_ipv6_cidrs",
        r#"a network such as "2001:db8::/32", or an address such as "2001:db8::1""#,
        &["2001:db8::/x"],
    ),
    (
        "geo_country_codes",
        r#"a country code of ISO 3166-1 with two letters, such as "US""#,
        &["UK", "USA", "Sweden", ""],
    ),
    (
        "geo_subdivision_codes",
        r#"a subdivision code of ISO 3166-2, such as "US-CA": a country, a hyphen, and 1 to 3 letters or digits"#,
        &["CA", "US_CA", "US-", "California"],
    ),
    (
        "asns",
        r#"a number from 0 to 4294967295, such as 64500 or "AS64500""#,
        &["ASN64500", "4294967296", "1.5", ""],
    ),
    (
        "ja3_fingerprints",
        r#"32 hexadecimal digits, such as "e7d705a3286e19ea42f587b344ee6865""#,
        &["e7d705a3", "771,4865-4866,0-23,29-23,0"],
    ),
    (
        "ja4_fingerprints",
        r#"a JA4 fingerprint, such as "t13d1516h2_8daaf6152771_e5627efa2ab1""#,
        &["t13d1516h2", "e7d705a3286e19ea42f587b344ee6865"],
    ),
    (
        "user_agents",
        r#"the whole text of a User-Agent header, such as "curl/8.5.0""#,
        &[""],
    ),
    (
        "hostnames",
        r#"a host name without scheme, port and path, such as "auth.example.com""#,
        &[
            "https://auth.example.com",
            "auth.example.com:443",
            "*.example.com",
            "",
        ],
    ),
];

/// A value of the right form.
fn good(field: &str) -> Value {
    match field {
        "ipv4_cidrs" | "connecting_ipv4_cidrs" => json!("198.51.100.0/24"),
        "ipv6_cidrs" | "connecting_ipv6_cidrs" => json!("2001:db8::/32"),
        "geo_country_codes" => json!("US"),
        "geo_subdivision_codes" => json!("US-CA"),
        "asns" => json!(64500),
        "ja3_fingerprints" => json!("e7d705a3286e19ea42f587b344ee6865"),
        "ja4_fingerprints" => json!("t13d1516h2_8daaf6152771_e5627efa2ab1"),
        "user_agents" => json!("curl/8.5.0"),
        "hostnames" => json!("auth.example.com"),
        other => panic!("{other}"),
    }
}

#[test]
fn error_for_a_bad_form_tells_the_form() {
    for (field, form, wrong) in FORMS {
        for text in wrong {
            let rule = with_values(field, json!([good(field), text]));
            assert_eq!(
                error(&rule),
                format!("acl[1].rule.match.{field}[1] has the wrong form: write {form}"),
            );
        }
    }
}

#[test]
fn error_for_a_bad_type_tells_the_form() {
    for (field, form, _) in FORMS {
        for value in [json!(null), json!(true), json!({}), json!([])] {
            let rule = with_values(field, json!([good(field), value]));
            assert_eq!(
                error(&rule),
                format!("acl[1].rule.match.{field}[1] has the wrong JSON type: write {form}"),
            );
        }
        if field != "asns" {
            let text = error(&with_values(field, json!([7])));
            assert!(
                text.contains("[0] has the wrong JSON type: write"),
                "{text}"
            );
        }
        let text = error(&with_values(field, good(field)));
        assert_eq!(
            text,
            format!(
                "acl[1].rule.match.{field} has the wrong JSON type: write a list, each entry {form}"
            ),
        );
    }
    let negative = error(&with_values("asns", json!([-1])));
    assert!(negative.contains("has the wrong form"), "{negative}");
}

#[test]
fn error_for_host_bits_offers_both_meanings() {
    for (field, written, network, address) in [
        (
            "ipv4_cidrs",
            "198.51.100.7/24",
            "198.51.100.0/24",
            "198.51.100.7",
        ),
        (
            "ipv6_cidrs",
            "2001:db8::1/32",
            "2001:db8::/32",
            "2001:db8::1",
        ),
    ] {
        let text = error(&with_values(field, json!([good(field), written])));
        assert_eq!(
            text,
            format!(
                "acl[1].rule.match.{field}[1] has bits set after its prefix: write \"{network}\" for the \
                 network, or \"{address}\" for this address alone"
            ),
        );
    }
    let document = json!({ "tenants": [ { "id": "a", "trusted_proxies": ["10.0.0.2/8"] } ] });
    let error = SettingsDocument::from_json(&document.to_string()).unwrap_err();
    assert_eq!(error.path(), "tenants[0].trusted_proxies[0]");
    let cause = error.source().unwrap().to_string();
    let says = "write \"10.0.0.0/8\" for the network, or \"10.0.0.2\" for this address alone";
    assert!(cause.contains(says), "{cause}");
}

#[test]
fn error_for_the_other_family_names_its_field() {
    for (field, other, value) in [
        ("ipv4_cidrs", "ipv6_cidrs", "2001:db8::/32"),
        ("ipv6_cidrs", "ipv4_cidrs", "198.51.100.0/24"),
        ("connecting_ipv4_cidrs", "connecting_ipv6_cidrs", "::1"),
        ("connecting_ipv6_cidrs", "connecting_ipv4_cidrs", "10.0.0.1"),
    ] {
        let text = error(&with_values(field, json!([value])));
        assert!(
            text.ends_with(&format!(
                "is a network of the other address family: move it to {other}"
            )),
            "{text}"
        );
    }
}

#[test]
fn errors_of_other_members_tell_their_form() {
    let with = |pointer: &str, value: Value| {
        let mut rule = with_values("asns", json!([1]));
        let (object, member) = pointer.rsplit_once('/').unwrap();
        rule.pointer_mut(object).unwrap()[member] = value;
        rule
    };
    for (pointer, value, says) in [
        (
            "/priority",
            json!("1"),
            "acl[1].priority has the wrong JSON type: write a whole number from 0 to 4294967295",
        ),
        (
            "/priority",
            json!(-1),
            "acl[1].priority has the wrong form: write a whole number from 0 to 4294967295",
        ),
        (
            "/active",
            json!(1),
            "acl[1].active has the wrong JSON type: write true or false",
        ),
        (
            "/description",
            json!(1),
            "acl[1].description has the wrong JSON type: write a string",
        ),
        (
            "/rule",
            json!([]),
            "acl[1].rule has the wrong JSON type: write an object",
        ),
        (
            "/rule/action",
            json!("block"),
            "acl[1].rule.action has the wrong JSON type: write an object",
        ),
        (
            "/rule/action",
            json!({ "block": "yes" }),
            "acl[1].rule.action.block has the wrong JSON type: write true or false",
        ),
        (
            "/rule/action",
            json!({ "block": false }),
            "acl[1].rule.action must set exactly one of allow, block, redirect and log to true",
        ),
        (
            "/rule/action",
            json!({ "redirect": true }),
            "acl[1].rule.action.redirect_uri must be set if \"redirect\" is true, and only then",
        ),
        (
            "/rule/action",
            json!({ "redirect": true, "redirect_uri": "http://a.example" }),
            "acl[1].rule.action.redirect_uri has the wrong form: write an absolute https URL, such as \"https://example.com/blocked\"",
        ),
        (
            "/rule/action",
            json!({ "deny": true }),
            "acl[1].rule.action.deny is not a field: the fields are allow, block, redirect, redirect_uri, log",
        ),
        (
            "/rule/scope",
            json!("all"),
            "acl[1].rule.scope must be \"dcr\", \"authentication\", \"tenant\" or \"management\"",
        ),
        (
            "/rule/scope",
            json!(1),
            "acl[1].rule.scope has the wrong JSON type: write \"dcr\", \"authentication\", \"tenant\" or \"management\"",
        ),
        (
            "/rule/match",
            json!({}),
            "acl[1].rule.match has no condition: list values of at least one signal in match or not_match",
        ),
        (
            "/rule/match/asns",
            json!([]),
            "acl[1].rule.match.asns is an empty list: list a value, or remove it",
        ),
        (
            "/rule/mach",
            json!({}),
            "acl[1].rule.mach is not a field: the fields are action, match, not_match, scope",
        ),
        (
            "/prio",
            json!(1),
            "acl[1].prio is not a field: the fields are description, active, priority, rule, id",
        ),
    ] {
        assert_eq!(error(&with(pointer, value)), says);
    }
    let text = Acl::from_json("{}").unwrap_err().to_string();
    assert_eq!(text, "acl has the wrong JSON type: write a list of rules");
}

#[test]
fn errors_list_exactly_the_known_fields() {
    let rule = with_values("countries", json!(["US"]));
    let text = error(&rule);
    let (_, listed) = text.split_once("is not a field: the fields are ").unwrap();
    let listed: Vec<&str> = listed.split(", ").collect();
    let known: Vec<&str> = FORMS.iter().map(|(field, ..)| *field).collect();
    assert_eq!(listed, known);
    for field in known {
        let rule = json!([with_values(field, json!([good(field)]))]).to_string();
        assert!(Acl::from_json(&rule).is_ok(), "{field}");
    }
    let objects = ["", "/rule", "/rule/action"];
    let unknown = ["x", "a.b", "rule.action.x", ".", ""];
    for (object, unknown) in objects
        .into_iter()
        .flat_map(|it| unknown.map(|name| (it, name)))
    {
        let mut rule = with_values("asns", json!([1]));
        rule.pointer_mut(object).unwrap()[unknown] = json!(1);
        let text = error(&rule);
        let (_, listed) = text.split_once("the fields are ").unwrap();
        for field in listed.split(", ") {
            let mut rule = with_values("asns", json!([1]));
            rule.pointer_mut(object).unwrap()[field] = Value::Null;
            let fault = Acl::from_json(&json!([rule]).to_string())
                .unwrap_err()
                .fault();
            assert_eq!(fault, AclFault::WrongType, "{field}");
        }
    }
}
