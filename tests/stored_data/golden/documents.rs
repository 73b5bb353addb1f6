//! Decisions and bindings as hosts save them. Each is passed to the check that uses it.

use oauth_dcr::{
    Client, Timestamp,
    access::ApiAccess,
    authorization::{AuthorizationDecision, AuthorizationError, CodeBinding, Delivery, Issued},
    token::{DeviceBinding, RefreshBinding, RefreshFamily},
    types::{ResponseType, Scope},
};

use super::{Table, check_all, client, read, settings_of};
use crate::{
    fixed::NOW,
    read::{use_code, use_decision, use_device_code, use_refresh_token},
    requests::Differs,
    shapes::API,
};

const CONFIDENTIAL: &str = "87hIjDaMsKZlfuzdPLE9CcLTJuAFW972hiGgP-C723s";
const PERMISSIVE: &str = "QLErEgCFZByhkq_jFXyF0MhHcp9OCPOjbxOEowbEH8I";
const PREVIOUS: &str = "gIbRk6bytWghxuJmOawsZdncysQU0jxvkc1kIFfgAjU";

const USUAL: &Differs = &[];
const NO_REDIRECT_URI: &Differs = &[("redirect_uri", "")];
const NO_CHALLENGE: &Differs = &[("code_challenge", "")];

const END: Timestamp = Timestamp::from_unix_seconds(1_800_000_600);

const DECISIONS: &Table<AuthorizationDecision> = &[
    ("permissive", |decision| {
        assert_eq!(decision.response_type(), ResponseType::CodeIdToken);
        assert_identity(decision.access());
        assert_eq!(decision.redirect_uri().as_str(), CALLBACK);
        let approval = decision.clone().approve();
        let response = approval.response(Issued::code("c").id_token("i"));
        assert_eq!(response.delivery(), Delivery::Form);
        use_it(decision, "permissive", Some(PERMISSIVE), NO_CHALLENGE);
    }),
    ("private_use_schemes", |decision| {
        let uri = "cursor://anysphere.cursor-mcp/oauth/callback";
        assert_eq!(decision.redirect_uri().as_str(), uri);
        use_it(decision, "private_use_schemes", None, USUAL);
    }),
    ("public", |decision| {
        assert_eq!(decision.tenant().as_str(), "strict");
        assert_eq!(decision.redirect_uri().as_str(), CALLBACK);
        assert_eq!(decision.response_type(), ResponseType::Code);
        assert_usual(decision.access());
        assert!(decision.connections().eq(["google"]));
        assert_eq!(decision.nonce(), Some("nonce-1"));
        assert_eq!(decision.parameter("prompt"), Some("login consent"));
        assert_eq!(decision.parameter("ext-trace"), Some("a+b&c=d"));
        assert_eq!(decision.parameter("ui_locales"), None);
        let response = decision.clone().approve().response(Issued::code("c-1"));
        let location = "https://app.example.com/callback?code=c-1\
            &state=state+%22%5C%2F%F0%9F%A6%80&iss=https%3A%2F%2Fstrict.example";
        assert_eq!(response.delivery(), Delivery::Redirect(location.to_owned()));
        use_it(decision, "public", None, USUAL);
    }),
    ("redirection_policy", |decision| {
        let refusal = decision.refuse(AuthorizationError::Denied);
        assert!(refusal.response().is_some());
        use_it(decision, "redirection_policy", None, USUAL);
    }),
    ("single_label_host", |decision| {
        let uri = "https://intranet/cb?tenant=7";
        assert_eq!(decision.redirect_uri().as_str(), uri);
        use_it(decision, "single_label_host", None, NO_REDIRECT_URI);
    }),
];

const CALLBACK: &str = "https://app.example.com/callback";

const CODES: &Table<CodeBinding> = &[
    ("permissive", |code| {
        assert_identity(code.access());
        redeem(code, "permissive", Some(PERMISSIVE), NO_CHALLENGE);
    }),
    ("private_use_schemes", |code| {
        let uri = "cursor://anysphere.cursor-mcp/oauth/callback";
        assert_eq!(code.redirect_uri().as_str(), uri);
        redeem(code, "private_use_schemes", None, USUAL);
    }),
    ("public", |code| {
        assert_eq!(code.tenant().as_str(), "strict");
        assert_eq!(code.redirect_uri().as_str(), CALLBACK);
        assert_usual(code.access());
        redeem(code, "public", None, USUAL);
    }),
    ("rotated_secret", |code| {
        redeem(code, "rotated_secret", Some(PREVIOUS), USUAL);
    }),
    ("single_label_host", |code| {
        let uri = "https://intranet/cb?tenant=7";
        assert_eq!(code.redirect_uri().as_str(), uri);
        redeem(code, "single_label_host", None, NO_REDIRECT_URI);
    }),
];

const REFRESH_TOKENS: &Table<RefreshBinding> = &[
    ("confidential", |token| {
        assert_usual(token.access());
        refresh(token, "confidential", Some(CONFIDENTIAL));
    }),
    ("permissive", |token| {
        assert_identity(token.access());
        refresh(token, "permissive", Some(PERMISSIVE));
    }),
    ("public", |token| {
        assert_usual(token.access());
        refresh(token, "public", None);
    }),
    ("updated", |token| {
        assert_usual(token.access());
        let client = client("updated");
        assert_eq!((token.client_id(), token.generation()), (client.id(), 1));
        let family = read("refresh_families", "updated");
        use_refresh_token(&settings_of(&client), &client, None, (token, family));
    }),
];

const FAMILIES: &Table<RefreshFamily> = &[
    ("ended", |family| assert!(family.is_ended())),
    ("public", |family| {
        assert_eq!(*family, RefreshFamily::unrotated());
    }),
    ("updated", |family| {
        assert_eq!((family.generation(), family.rotated_at()), (1, Some(NOW)));
        assert!(!family.is_ended());
    }),
];

const DEVICE_CODES: &Table<DeviceBinding> = &[("permissive", |device| {
    let client = client("permissive");
    assert_eq!(device.client_id(), client.id());
    assert_eq!(device.expires_at(), END);
    assert_access(device.access(), "read:items offline_access");
    use_device_code(&settings_of(&client), &client, Some(PERMISSIVE), device);
})];

#[test]
fn golden_decisions_keep_their_meaning() {
    check_all("decisions", DECISIONS);
}

#[test]
fn golden_code_bindings_keep_their_meaning() {
    check_all("code_bindings", CODES);
}

#[test]
fn golden_refresh_bindings_keep_their_meaning() {
    check_all("refresh_bindings", REFRESH_TOKENS);
}

#[test]
fn golden_refresh_families_keep_their_meaning() {
    check_all("refresh_families", FAMILIES);
}

#[test]
fn golden_device_bindings_keep_their_meaning() {
    check_all("device_bindings", DEVICE_CODES);
}

fn assert_access(access: &ApiAccess, scope: &str) {
    assert_eq!(access.audience(), Some(API));
    assert_eq!(access.scope().map(Scope::as_str), Some(scope));
    assert!(access.has_offline_access());
}

fn assert_usual(access: &ApiAccess) {
    assert_access(access, "write:items read:items");
}

fn assert_identity(access: &ApiAccess) {
    assert_access(access, "openid read:items email offline_access");
}

fn use_it(decision: &AuthorizationDecision, name: &str, secret: Option<&str>, differs: &Differs) {
    let client: Client = client(name);
    assert_eq!(decision.client_id(), client.id());
    let tenant = settings_of(&client);
    use_decision(&tenant, &client, secret, differs, decision.clone());
}

fn redeem(code: &CodeBinding, name: &str, secret: Option<&str>, differs: &Differs) {
    let client = client(name);
    assert_eq!(code.client_id(), client.id());
    assert_eq!(code.expires_at(), END);
    use_code(&settings_of(&client), &client, secret, differs, code);
}

fn refresh(token: &RefreshBinding, name: &str, secret: Option<&str>) {
    let client = client(name);
    assert_eq!(token.tenant(), client.tenant());
    assert_eq!(token.client_id(), client.id());
    assert_eq!((token.began_at(), token.expires_at()), (NOW, END));
    // The build that wrote these rows had no generations.
    assert_eq!(token.generation(), 0);
    let found = (token, RefreshFamily::unrotated());
    use_refresh_token(&settings_of(&client), &client, secret, found);
}
