//! An explanation of a request agrees with its registration.

use oauth_dcr::{
    RegistrationRequest,
    redirect_uri::RedirectUriPolicy,
    registration::{DecodeError, FieldOutcome, MetadataError},
    settings::{RefusedRedirectUris, RegistrationSettings, Unsupported},
    types::SecurityMode,
};
use proptest::{collection, prelude::*, sample};
use serde_json::{Map, Value, json};

use crate::{
    corpus::cases,
    properties::{almost_uri, config},
};

/// Settings whose rules all differ.
fn all_settings() -> Vec<RegistrationSettings> {
    let narrow = || {
        let mut settings = RegistrationSettings::default();
        settings.refused_redirect_uris = RefusedRedirectUris::Narrow;
        settings.redirect_uris = RedirectUriPolicy::native_agents();
        settings
    };
    let mut rejecting = narrow();
    rejecting.unsupported_grant_types = Unsupported::Reject;
    rejecting.unsupported_response_types = Unsupported::Reject;
    let mut permissive = narrow();
    permissive.security_mode = SecurityMode::Permissive;
    let mut small = RegistrationSettings::default();
    small.redirect_uris.max = 1;
    small.redirect_uris.max_bytes = 64;
    small.metadata_limits.localized = 1;
    small.metadata_limits.contacts = 1;
    small.metadata_limits.scope_bytes = 8;
    let default = RegistrationSettings::default();
    vec![default, narrow(), rejecting, permissive, small]
}

/// The verdict of registration on `body`.
fn judged(settings: &RegistrationSettings, body: &[u8]) -> Result<Value, DecodeError> {
    let request = RegistrationRequest::from_json(body)?;
    let metadata = request.apply(settings).map_err(DecodeError::Metadata)?;
    Ok(serde_json::to_value(metadata).unwrap())
}

/// Asserts that registration and the explanation agree on `body`.
fn assert_agrees(settings: &RegistrationSettings, body: &[u8], case: &str) {
    let explained = RegistrationRequest::explain_json(body, settings);
    match judged(settings, body) {
        Err(DecodeError::Metadata(error)) => {
            let explained = explained.unwrap();
            assert_eq!(explained.error(), Some(&error), "{case}");
        }
        Err(error) => assert_eq!(explained, Err(error), "{case}"),
        Ok(registered) => {
            let explained = explained.unwrap();
            assert_eq!(explained.error(), None, "{case}");
            assert!(explained.is_complete, "{case}");
            let sent: Value = serde_json::from_slice(body).unwrap();
            assert_values(&explained, &sent, &registered, case);
        }
    }
}

/// Asserts that the explanation has every registered member with its value.
fn assert_values(
    explained: &oauth_dcr::registration::MetadataExplanation,
    sent: &Value,
    registered: &Value,
    case: &str,
) {
    let mut left: Map<_, _> = registered.as_object().unwrap().clone();
    for field in &explained.fields {
        let name = match &field.language {
            Some(language) => format!("{}#{language}", field.field),
            None => field.field.to_string(),
        };
        let value = left.remove(&name);
        match &field.outcome {
            FieldOutcome::Accepted => assert_eq!(value.as_ref(), sent.get(&name), "{case}"),
            FieldOutcome::AcceptedAs { value: text, .. }
            | FieldOutcome::Default { value: text } => {
                let shown: Value = serde_json::from_str(text).unwrap();
                assert_eq!(value, Some(shown), "{case}");
            }
            FieldOutcome::LeftOut => assert_eq!(value, None, "{case}"),
            other => panic!("{case}: {other:?}"),
        }
    }
    assert!(left.is_empty(), "{case}: {left:?}");
    let mut ignored = sent.as_object().unwrap().keys();
    let ignored = ignored.all(|name| {
        let base = name.split('#').next().unwrap();
        explained.ignored.contains(name)
            || explained.fields.iter().any(|it| it.field.as_str() == base)
    });
    assert!(ignored, "{case}: {:?}", explained.ignored);
}

#[test]
fn explanations_agree_with_every_corpus_case() {
    let cases: Vec<_> = cases::interop()
        .into_iter()
        .chain(cases::attacks())
        .collect();
    assert!(cases.len() > 400);
    for settings in all_settings() {
        for case in &cases {
            assert_agrees(&settings, &case.body, &case.id);
        }
    }
}

/// A member of a request, valid or invalid.
fn member() -> impl Strategy<Value = (String, Value)> {
    let text = prop_oneof![
        sample::select(vec![
            "",
            "a",
            "a b",
            " a  b ",
            "native",
            "web",
            "none",
            "client_secret_post",
            "x\u{202e}",
            "https://app.example.com/",
            "http://app.example.com/",
            "authorization_code",
            "refresh_token",
            "implicit",
            "client_credentials",
            "code",
            "token",
            "code id_token",
        ])
        .prop_map(str::to_owned),
        almost_uri(),
    ];
    let leaf = prop_oneof![
        8 => text.prop_map(Value::from),
        1 => Just(Value::Null),
        1 => Just(json!(7)),
        1 => Just(json!({"keys": [{"kty": "oct", "k": "AA"}]})),
    ];
    let value = prop_oneof![
        leaf.clone(),
        collection::vec(leaf, 0..5).prop_map(Value::from),
    ];
    let name = sample::select(vec![
        "redirect_uris",
        "redirect_uris",
        "redirect_uris",
        "client_name",
        "client_name#de",
        "client_name#not a tag",
        "token_endpoint_auth_method",
        "grant_types",
        "response_types",
        "application_type",
        "client_uri",
        "logo_uri#ja",
        "policy_uri",
        "tos_uri",
        "contacts",
        "scope",
        "software_id",
        "software_version",
        "jwks",
        "client_id",
        "x#y",
    ]);
    (name.prop_map(str::to_owned), value)
}

#[test]
fn explanations_agree_with_random_requests() {
    let settings = all_settings();
    let members = collection::vec(member(), 0..6);
    proptest!(config(), |(members in members, which in any::<sample::Index>())| {
        let body: Map<_, _> = members.into_iter().collect();
        let body = serde_json::to_vec(&body).unwrap();
        let settings = which.get(&settings);
        let case = String::from_utf8_lossy(&body).into_owned();
        assert_agrees(settings, &body, &case);
    });
}

fn explained(settings: &RegistrationSettings, body: &Value) -> String {
    RegistrationRequest::explain_json(body.to_string().as_bytes(), settings)
        .unwrap()
        .to_string()
}

/// The rule and the position of each line of `text` that reports a refusal.
fn refusals(text: &str) -> Vec<String> {
    let refused = text
        .lines()
        .filter_map(|line| line.split_once(": refused: "));
    refused
        .map(|(field, rest)| format!("{}: {}", field.trim(), rest.split(": ").next().unwrap()))
        .collect()
}

#[test]
fn every_fault_is_found() {
    let body = json!({
        "redirect_uris": ["https://a.example/", "file:///x", 7, "https://b.example/#f"],
        "client_name": "a\u{202e}b",
        "client_name#de": ["x"],
        "logo_uri": "http://a.example/logo",
        "logo_uri#fr": "ftp://a.example/logo",
        "token_endpoint_auth_method": "private_key_jwt",
        "contacts": ["ok", "b\u{7}d"],
        "scope": "\"",
    });
    let mut found = refusals(&explained(&RegistrationSettings::default(), &body));
    found.sort();
    assert_eq!(found.len(), 10, "{found:?}");
    for refusal in [
        "redirect_uris: wrong_type at 2",
        "redirect_uris: scheme_not_allowed at 1",
        "redirect_uris: fragment_not_allowed at 3",
        "client_name#de: wrong_type",
        "logo_uri#fr: not_https",
        "token_endpoint_auth_method: not_supported",
        "contacts: control_character at 1",
        "scope: invalid_scope",
    ] {
        assert!(
            found.iter().any(|it| it == refusal),
            "{refusal} is not in {found:?}"
        );
    }
}

#[test]
fn dropped_values_have_a_reason() {
    let mut settings = RegistrationSettings::default();
    settings.refused_redirect_uris = RefusedRedirectUris::Narrow;
    let body = json!({
        "redirect_uris": ["https://a.example/", "file:///x", "https://a.example/"],
        "grant_types": ["password", "authorization_code", "authorization_code"],
        "client_uri": "", "software_id": null, "client_id": "mine", "\u{1b}[31m": 1,
    });
    let text = explained(&settings, &body);
    for line in [
        r#"  redirect_uris: accepted as ["https://a.example/"]"#,
        "    1 is dropped: scheme_not_allowed",
        "    2 is dropped: duplicate of an earlier value",
        r#"  grant_types: accepted as ["authorization_code"]"#,
        "    0 is dropped: not_supported",
        r#"  token_endpoint_auth_method: not sent, default "client_secret_post""#,
        r#"  response_types: not sent, default ["code"]"#,
        "  client_uri: empty, counts as absent",
        "  software_id: empty, counts as absent",
        "  client_id: ignored, not stored",
        r"  \u{1b}[31m: ignored, not stored",
    ] {
        assert!(
            text.lines().any(|it| it.starts_with(line)),
            "{line} is not in\n{text}"
        );
    }
}

#[test]
fn an_explanation_is_bounded() {
    let names: Vec<_> = (0..5000).map(|at| format!("x{at}")).collect();
    let mut body: Map<_, _> = (0..5000).map(|at| (format!("y{at}"), json!(1))).collect();
    body.insert("redirect_uris".to_owned(), json!(["https://a.example/"]));
    body.insert("grant_types".to_owned(), json!(names));
    let mut settings = RegistrationSettings::default();
    settings.unsupported_grant_types = Unsupported::Reject;
    let body = serde_json::to_vec(&body).unwrap();
    let explanation = RegistrationRequest::explain_json(&body, &settings).unwrap();
    assert!(!explanation.is_complete);
    assert_eq!(explanation.ignored.len(), 100);
    assert!(explanation.to_string().lines().count() < 250);
    let first = explanation.error().and_then(MetadataError::index);
    assert_eq!(first, Some(0));
}

#[test]
fn dropped_values_are_bounded() {
    let differ: Vec<_> = (0..8000).map(|at| format!("x{at}")).collect();
    for unknown in [vec!["x".to_owned(); 13_000], differ] {
        let names = [vec!["authorization_code".to_owned()], unknown].concat();
        let body = json!({ "redirect_uris": ["https://a.example/"], "grant_types": names });
        let body = serde_json::to_vec(&body).unwrap();
        let explanation =
            RegistrationRequest::explain_json(&body, &RegistrationSettings::default()).unwrap();
        assert!(!explanation.is_complete);
        let text = explanation.to_string();
        let accepted = r#"grant_types: accepted as ["authorization_code"]"#;
        assert!(text.contains(accepted), "{text}");
        let dropped = text.lines().filter(|it| it.contains(" is dropped: "));
        assert_eq!(dropped.count(), 100);
    }
}
