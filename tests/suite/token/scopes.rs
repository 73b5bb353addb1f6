//! Which scopes a refresh grants, and which scopes every answer names.

use oauth_dcr::{
    authorization::{AuthorizationDecision, Issued},
    settings::RefreshTokenWhen,
};
use serde_json::json;

use super::*;

/// The scopes of the access token from a refresh that requests `scope`.
fn narrowed(client: &Client, kept: &IssuedToken, scope: &str) -> Result<String, Error> {
    let form = with(refresh_form(), "scope", scope);
    let form = with(form, "client_id", client.id().as_str());
    refresh(&t1(), client, form, Some(kept))
        .map(|decision| decision.access().scopes().collect::<Vec<_>>().join(" "))
        .map_err(|refusal| refusal.error())
}

#[test]
fn refresh_grants_the_same_scopes_or_fewer() {
    let (client, kept) = (public(), refresh_token(&public()));
    for (asked, given) in [
        ("", "read:items write:items"),
        ("write:items", "write:items"),
        (
            "write:items read:items offline_access",
            "read:items write:items",
        ),
        ("read:items delete:items", "read:items"),
        ("delete:items openid write:items other", "write:items"),
        ("offline_access", "read:items write:items"),
        ("openid profile email", "read:items write:items"),
    ] {
        assert_eq!(
            narrowed(&client, &kept, asked).as_deref(),
            Ok(given),
            "{asked}"
        );
    }
}

#[test]
fn refresh_for_only_unapproved_scopes_is_refused() {
    let (client, kept) = (public(), refresh_token(&public()));
    for asked in ["delete:items", "nothing:known openid offline_access"] {
        let refused = narrowed(&client, &kept, asked).unwrap_err();
        assert_eq!(refused, AccessError::NotGiven.into(), "{asked}");
        assert_eq!(refused.code(), "invalid_scope");
    }
}

#[test]
fn a_withdrawn_scope_is_left_out() {
    let kept = refresh_token(&public());
    let mut tenant = t1();
    tenant.apis[0].scopes = vec!["write:items".to_owned()];
    let form = with(refresh_form(), "scope", "read:items");
    let refused = error(refresh(&tenant, &public(), form, Some(&kept)));
    assert_eq!(refused, AccessError::NotGiven.into());
}

#[test]
fn refresh_token_keeps_its_scope_after_narrowing() {
    let first = refresh_token(&public());
    let less = with(refresh_form(), "scope", "read:items");
    let decision = refresh(&t1(), &public(), less, Some(&first)).unwrap();
    let next = kept(&decision);
    assert!(next.0.access().scopes().eq(["read:items", "write:items"]));
    let whole = refresh(&t1(), &public(), refresh_form(), Some(&next)).unwrap();
    assert_eq!(whole.scope(), "read:items write:items offline_access");
}

/// Identity scopes are valid for a permissive client, but they do not narrow its scopes of the API.
#[test]
fn permissive_refresh_narrows_only_api_scopes() {
    let client = Stored::public("tpc_A1").permissive().client();
    let whole = "openid read:items email offline_access";
    let binding = bound_to(&client, &[("scope", Some(whole))]);
    let first = kept(&exchange(&t1(), &client, code_form(), Some(&binding)).unwrap());
    for (asked, given) in [
        ("openid offline_access", whole),
        ("offline_access", whole),
        ("profile", whole),
        ("read:items", "read:items"),
        ("read:items openid profile", "openid read:items"),
    ] {
        assert_eq!(
            narrowed(&client, &first, asked).as_deref(),
            Ok(given),
            "{asked}"
        );
    }
    let refused = narrowed(&client, &first, "openid write:items");
    assert_eq!(refused, Err(AccessError::NotGiven.into()));
}

#[test]
fn answer_with_refresh_token_names_offline_access() {
    let scope_of = |client: &Client, scope: &str| {
        let binding = bound_to(client, &[("scope", Some(scope))]);
        let form = if client.is_public() {
            code_form()
        } else {
            with(code_form(), "client_secret", "s3cret")
        };
        exchange(&t1(), client, form, Some(&binding))
            .unwrap()
            .scope()
    };
    let without_grant = Stored::public("tpc_A1")
        .grant_types(&["authorization_code"])
        .client();
    let permissive = Stored::public("tpc_A1").permissive().client();
    for (client, requested, answered) in [
        (
            &public(),
            "read:items offline_access",
            "read:items offline_access",
        ),
        (
            &public(),
            "offline_access read:items",
            "read:items offline_access",
        ),
        (&public(), "openid read:items", "read:items"),
        (&public(), "offline_access", "offline_access"),
        (&public(), "openid", ""),
        (&without_grant, "read:items offline_access", "read:items"),
        (
            &confidential(),
            "read:items offline_access",
            "read:items offline_access",
        ),
        (
            &permissive,
            "offline_access openid",
            "openid offline_access",
        ),
        (&permissive, "openid read:items", "openid read:items"),
    ] {
        assert_eq!(scope_of(client, requested), answered, "{requested}");
    }
}

#[test]
fn unrotated_refresh_still_names_offline_access() {
    let client = confidential();
    let form = with(refresh_form(), "client_secret", "s3cret");
    let form = with(form, "scope", "read:items");
    let decision = refresh(&t1(), &client, form, Some(&refresh_token(&client))).unwrap();
    assert_eq!(decision.refresh_token(), RefreshTokenAction::Keep);
    assert_eq!(decision.scope(), "read:items offline_access");
}

fn registered_is_enough() -> TenantSettings {
    let mut tenant = t1();
    tenant.refresh_token_when = RefreshTokenWhen::Registered;
    tenant
}

fn authorized(client: &Client, response_type: &str, scope: &str) -> AuthorizationDecision {
    let pairs = [
        ("response_type", response_type),
        ("client_id", client.id().as_str()),
        ("redirect_uri", REDIRECT_URI),
        ("resource", API),
        ("scope", scope),
        ("nonce", "n-1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let request = AuthorizationRequest::from_pairs(pairs);
    request
        .authorize(&registered_is_enough(), Some(client))
        .unwrap()
}

#[test]
fn registering_for_refresh_tokens_can_be_enough() {
    let client = public();
    let decision = authorized(&client, "code", "read:items");
    assert!(decision.access().has_offline_access());
    assert!(decision.access().scopes().eq(["read:items"]));
    assert!(decision.consent(&client).unwrap().has_offline_access);
    let binding = decision.approve().code_binding(NOW, MINUTE).unwrap();
    let issued = exchange(&t1(), &client, code_form(), Some(&binding)).unwrap();
    assert_eq!(issued.refresh_token(), RefreshTokenAction::Issue);
    assert_eq!(issued.scope(), "read:items offline_access");
}

#[test]
fn user_can_refuse_an_unrequested_refresh_token() {
    let client = public();
    let decision = authorized(&client, "code", "read:items").limited_to(["read:items"]);
    assert!(!decision.consent(&client).unwrap().has_offline_access);
    let binding = decision.approve().code_binding(NOW, MINUTE).unwrap();
    let issued = exchange(
        &registered_is_enough(),
        &client,
        code_form(),
        Some(&binding),
    );
    assert_eq!(issued.unwrap().refresh_token(), RefreshTokenAction::None);
}

#[test]
fn client_without_the_grant_gets_no_refresh_token() {
    let client = Stored::public("tpc_A1").grant_types(&["authorization_code"]);
    let decision = authorized(&client.client(), "code", "read:items offline_access");
    assert!(!decision.access().has_offline_access());
}

#[test]
fn response_without_a_code_promises_no_refresh_token() {
    let client = Stored::public("tpc_A1")
        .permissive()
        .grant_types(&["authorization_code", "implicit", "refresh_token"])
        .with("response_types", json!(["code", "token", "code token"]))
        .client();
    for (response_type, has_offline_access) in [("token", false), ("code token", true)] {
        let decision = authorized(&client, response_type, "openid offline_access");
        let access = decision.access();
        assert_eq!(access.has_offline_access(), has_offline_access);
        let named = access.scopes().any(|scope| scope == "offline_access");
        assert_eq!(named, has_offline_access);
    }
}

#[test]
fn client_credentials_never_get_offline_access() {
    let client = Stored::public("tpc_A1").permissive().client();
    let mut tenant = registered_is_enough();
    let mut grant = ClientGrant::new(Grantee::ThirdPartyClients, API, GrantedScope::All);
    grant.subject_type = SubjectType::Client;
    tenant.client_grants = vec![grant];
    let wanted = AccessRequest::to(API).scope("read:items offline_access");
    let access = wanted
        .by_the_client_itself()
        .check(&tenant, &client)
        .unwrap();
    assert!(!access.has_offline_access());
    assert!(access.scopes().eq(["read:items"]));
}

#[test]
fn front_channel_names_offline_access_only_if_requested() {
    let client = Stored::public("tpc_A1")
        .permissive()
        .grant_types(&["authorization_code", "implicit", "refresh_token"])
        .with("response_types", json!(["code token"]))
        .client();
    for scope in ["openid", "openid offline_access"] {
        let approval = authorized(&client, "code token", scope).approve();
        let issued = Issued::code("a-code").access_token("a-token", MINUTE);
        let response = approval.response(issued);
        let mut parameters = response.parameters();
        let named = parameters.find(|(name, _)| *name == "scope").unwrap();
        assert_eq!(named.1, scope);
    }
}
