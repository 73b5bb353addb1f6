//! Every registration of the corpus, through the library's calls and over HTTP: the verdict is the
//! same each time, a refusal stores nothing, and no error repeats the client's text.
//!
//! `OAUTH_DCR_CORPUS` names another directory with files of the same form.

pub(crate) mod cases;

use std::collections::BTreeSet;

use cases::{Case, Expected};
use oauth_dcr::{
    MemoryStore, Registrar, RegistrationEndpoint, RegistrationError, RegistrationRequest,
    TenantSettings,
    redirect_uri::AllowedScheme,
    settings::{RegistrationSettings, Unsupported},
    types::TokenEndpointAuthMethod,
};
use serde_json::Value;

use crate::support::http;

/// Members of a 201 that the profile knows.
const KNOWN_MEMBERS: [&str; 18] = [
    "client_id",
    "client_id_issued_at",
    "client_secret",
    "client_secret_expires_at",
    "client_name",
    "client_uri",
    "logo_uri",
    "policy_uri",
    "tos_uri",
    "redirect_uris",
    "token_endpoint_auth_method",
    "grant_types",
    "response_types",
    "application_type",
    "contacts",
    "scope",
    "software_id",
    "software_version",
];

#[tokio::test]
async fn every_interop_case_has_the_right_outcome() {
    let cases = cases::interop();
    assert!(
        cases.len() >= 335,
        "the corpus is incomplete: {}",
        cases.len()
    );
    let mut wrong = Vec::new();
    for case in &cases {
        wrong.extend(judge(case, &case.expected, TenantSettings::new().enabled()).await);
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test]
async fn every_registration_attack_has_the_right_outcome() {
    let cases = cases::attacks();
    assert!(
        cases.len() >= 136,
        "the corpus is incomplete: {}",
        cases.len()
    );
    let mut wrong = Vec::new();
    for case in &cases {
        wrong.extend(judge(case, &case.expected, TenantSettings::new().enabled()).await);
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test]
async fn a_changed_setting_changes_the_outcome() {
    let mut wrong = Vec::new();
    let mut judged = 0;
    for case in &cases::interop() {
        let (Some(alternative), Some(settings)) = (&case.alternative, other_policy(case)) else {
            continue;
        };
        judged += 1;
        wrong.extend(judge(case, alternative, settings).await);
    }
    assert_eq!(wrong, Vec::<String>::new());
    // The remaining case: no setting negotiates a method.
    assert!(judged >= 20, "only {judged} cases were judged");
}

/// The settings under which `case` has its alternative outcome, if this crate has a setting for it.
fn other_policy(case: &Case) -> Option<TenantSettings> {
    let mut tenant = TenantSettings::new().enabled();
    let settings = &mut tenant.registration;
    let reason = case.decided_by.as_str();
    if reason.contains("client_secret_basic") {
        settings
            .token_endpoint_auth_methods
            .insert(TokenEndpointAuthMethod::ClientSecretBasic);
    } else if reason.contains("dotless") {
        for scheme in [
            "cursor",
            "myapp",
            "vscode",
            "vscode-insiders",
            "grokbot",
            "systemprompt",
        ] {
            settings
                .redirect_uris
                .schemes
                .push(AllowedScheme::parse(scheme).unwrap());
        }
    } else if reason.contains("reject") {
        settings.unsupported_response_types = Unsupported::Reject;
    } else {
        return None;
    }
    Some(tenant)
}

/// What is wrong with the outcome of `case`, evaluated in three ways.
async fn judge(case: &Case, expected: &Expected, mut tenant: TenantSettings) -> Vec<String> {
    tenant.registration.rate_limit = None;
    let settings = tenant.registration.clone();
    let mut wrong = Vec::new();

    let store = MemoryStore::new();
    let registrar = Registrar::builder(store.clone())
        .tenant(tenant.clone())
        .build()
        .unwrap();
    let endpoint = RegistrationEndpoint::new(registrar);
    let (status, body) = http::parts(&endpoint.respond(case.request()).await);
    wrong.extend(problems(case, expected, status, &body, &store));

    let over_http = MemoryStore::new();
    let registrar = Registrar::builder(over_http.clone())
        .tenant(tenant)
        .build()
        .unwrap();
    let server = http::Server::start(registrar).await;
    let (http_status, http_body) = http::parts(&server.send(case.request()).await);
    wrong.extend(problems(
        case,
        expected,
        http_status,
        &http_body,
        &over_http,
    ));
    if (http_status, error_of(&http_body)) != (status, error_of(&body)) {
        wrong.push(format!(
            "{}: {http_status} over HTTP, {status} in process",
            case.id
        ));
    }

    if case.is_plain_json() && case.body.len() <= settings.max_body_bytes {
        let pure = pure_verdict(&case.body, &settings);
        if pure != (status, error_of(&body)) {
            wrong.push(format!(
                "{}: {pure:?} by the pure rules, {status} in process",
                case.id
            ));
        }
    }
    wrong
}

/// The verdict of `decode` and `apply` alone.
fn pure_verdict(body: &[u8], settings: &RegistrationSettings) -> (u16, Option<String>) {
    let applied = RegistrationRequest::from_json(body)
        .map_err(RegistrationError::from)
        .and_then(|request| Ok(request.apply(settings)?));
    match applied {
        Ok(_) => (201, None),
        Err(RegistrationError::Metadata(error)) if error.field().as_str() == "redirect_uris" => {
            (400, Some("invalid_redirect_uri".to_owned()))
        }
        Err(RegistrationError::Metadata(_)) => (400, Some("invalid_client_metadata".to_owned())),
        Err(_) => (400, Some("invalid_request".to_owned())),
    }
}

fn problems(
    case: &Case,
    expected: &Expected,
    status: u16,
    body: &Value,
    store: &MemoryStore,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |holds: bool, what: String| {
        if !holds {
            wrong.push(format!("{}: {what}: {status} {body}", case.id));
        }
    };
    let wanted = format!("expected {expected:?}");
    check(expected.statuses.contains(&status), wanted.clone());
    if status == 201 {
        check(store.len() == 1, "one client is stored".to_owned());
        for what in wrong_in_created(case, expected, body) {
            check(false, what);
        }
    } else {
        check(store.is_empty(), "nothing is stored".to_owned());
        let error = error_of(body);
        let right = expected.errors.is_empty()
            || error
                .as_ref()
                .is_some_and(|error| expected.errors.contains(error));
        check(right, wanted);
        for text in case.texts() {
            check(!body.to_string().contains(&text), format!("echoes {text}"));
        }
    }
    wrong
}

fn wrong_in_created(case: &Case, expected: &Expected, body: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |holds: bool, what: &str| {
        if !holds {
            wrong.push(what.to_owned());
        }
    };
    let sent: Value = serde_json::from_slice(&case.body).unwrap();
    let id = body["client_id"].as_str().unwrap_or_default();
    let random = id.strip_prefix("tpc_").unwrap_or_default();
    check(
        random.len() == 32 && random.bytes().all(|it| it.is_ascii_alphanumeric()),
        "client_id",
    );
    check(
        body["client_id"] != sent["client_id"],
        "the client's own id",
    );
    check(
        body["client_secret_expires_at"] == 0,
        "client_secret_expires_at",
    );

    let is_public = body["token_endpoint_auth_method"] == "none";
    let secret = body["client_secret"].as_str().unwrap_or_default();
    check(
        secret.len() == if is_public { 0 } else { 43 },
        "client_secret",
    );
    check(
        is_public || body["client_secret"] != sent["client_secret"],
        "the client's own secret",
    );

    let members = body
        .as_object()
        .unwrap()
        .keys()
        .map(|key| key.split('#').next().unwrap());
    let known: BTreeSet<&str> = KNOWN_MEMBERS.into();
    check(
        members.collect::<BTreeSet<_>>().is_subset(&known),
        "an unknown member",
    );
    check(
        body["redirect_uris"] == without_duplicates(&sent["redirect_uris"]),
        "redirect_uris",
    );
    for (name, value) in sent.as_object().unwrap() {
        if name.contains('#') {
            check(&body[name] == value, "a value with a language tag");
        }
    }
    if let Some(method) = &expected.auth_method {
        check(
            body["token_endpoint_auth_method"] == *method,
            "token_endpoint_auth_method",
        );
    }
    let scope = expected.scope.as_deref().or(sent["scope"].as_str());
    let scope = scope.filter(|scope| !scope.is_empty());
    check(body["scope"].as_str() == scope, "scope");
    let name = expected.client_name.as_deref();
    check(
        name.is_none_or(|name| body["client_name"] == name),
        "client_name",
    );
    let names = |value: &Value| -> BTreeSet<String> {
        value
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it.as_str().unwrap().to_owned())
            .collect()
    };
    for (name, members) in [
        ("grant_types", &expected.grant_types),
        ("response_types", &expected.response_types),
    ] {
        let listed = body[name].as_array().unwrap().len();
        check(
            names(&body[name]).len() == listed,
            "a duplicate grant or response type",
        );
        check(
            members
                .as_ref()
                .is_none_or(|members| *members == names(&body[name])),
            name,
        );
    }
    wrong
}

fn without_duplicates(list: &Value) -> Value {
    let mut kept: Vec<Value> = Vec::new();
    for value in list.as_array().unwrap() {
        if !kept.contains(value) {
            kept.push(value.clone());
        }
    }
    kept.into()
}

fn error_of(body: &Value) -> Option<String> {
    body["error"].as_str().map(ToOwned::to_owned)
}
