//! Clients that keep the behaviour from before the third-party profile.

use super::*;

fn client() -> Client {
    Stored::public("A1")
        .permissive()
        .grant_types(&["authorization_code", "implicit", "refresh_token"])
        .with(
            "response_types",
            serde_json::json!(["code", "token", "code id_token"]),
        )
        .client()
}

fn pairs(changed: Pairs) -> Pairs {
    let mut pairs = changed;
    for (name, value) in &mut pairs {
        if *name == "client_id" {
            "A1".clone_into(value);
        }
    }
    pairs
}

fn decide(changed: Pairs) -> Result<AuthorizationDecision, Error> {
    authorize(&t1(), &client(), pairs(changed)).map_err(|refusal| refusal.error())
}

#[test]
fn pkce_is_optional_but_never_plain() {
    let mut bare = without("code_challenge");
    bare.retain(|(name, _)| *name != "code_challenge_method");
    assert!(decide(bare).is_ok());
    assert_eq!(
        decide(without("code_challenge")),
        Err(Error::ChallengeRequired)
    );
    let plain = Err(Error::UnsupportedChallengeMethod);
    assert_eq!(decide(without("code_challenge_method")), plain);
    assert_eq!(decide(with("code_challenge_method", "plain")), plain);
}

#[test]
fn registered_response_types_are_allowed() {
    let mut hybrid = with("response_type", "id_token code");
    assert_eq!(decide(hybrid.clone()), Err(Error::NonceRequired));
    hybrid.push(("nonce", "n-1".to_owned()));
    let decision = decide(hybrid).unwrap();
    assert_eq!(decision.response_type(), ResponseType::CodeIdToken);
    assert!(decide(with("response_type", "token")).is_ok());
    let other = decide(with("response_type", "id_token"));
    assert_eq!(other, Err(Error::ResponseTypeNotRegistered));
    assert_eq!(
        Error::ResponseTypeNotRegistered.code(),
        "unauthorized_client"
    );
    let unknown = decide(with("response_type", "code code"));
    assert_eq!(unknown, Err(Error::UnsupportedResponseType));
}

#[test]
fn a_response_type_needs_its_grant() {
    let no_implicit = Stored::public("A1")
        .permissive()
        .with("response_types", serde_json::json!(["code", "token"]))
        .client();
    let refusal = refused(&t1(), &no_implicit, pairs(with("response_type", "token")));
    assert_eq!(refusal.error(), Error::ResponseTypeNotRegistered);
}

#[test]
fn a_token_never_goes_into_a_query() {
    let decision = decide(with("response_type", "token")).unwrap();
    let approval = decision.approve();
    // Without a code there is nothing to bind.
    assert_eq!(
        approval.code_binding(Timestamp::from_unix_millis(0), Duration::ZERO),
        None
    );
    let issued = Issued::code("c").access_token("t", Duration::from_mins(1));
    assert_eq!(
        location(&approval.response(issued)),
        "https://app.example.com/callback#access_token=t&token_type=Bearer&expires_in=60\
         &scope=read%3Aitems&state=s-1&iss=https%3A%2F%2Fauth.example.com"
    );
    let mut in_query = with("response_type", "token");
    in_query.push(("response_mode", "query".to_owned()));
    let refusal = refused(&t1(), &client(), pairs(in_query));
    assert_eq!(refusal.error(), Error::UnsupportedResponseMode);
    // The error goes into the fragment as well.
    let response = refusal.response().unwrap();
    assert!(location(response).contains("#error=invalid_request&"));
}

#[test]
fn errors_go_back_to_the_client_by_default() {
    let refusal = refused(&t1(), &client(), pairs(with("scope", "delete:items")));
    assert!(refusal.response().is_some());
    let protected =
        client().with_error_redirect_policy(ErrorRedirectPolicy::OpenRedirectProtection);
    let refusal = refused(&t1(), &protected, pairs(with("scope", "delete:items")));
    assert_eq!(refusal.response(), None);
}

#[test]
fn request_objects_are_refused_unlike_sign_in_parameters() {
    for passes in [
        "claims",
        "id_token_hint",
        "invitation",
        "login_ticket",
        "screen_hint",
    ] {
        assert!(decide(with(passes, "x")).is_ok(), "{passes}");
    }
    for parameter in ["request", "request_uri"] {
        assert_eq!(
            decide(with(parameter, "x")),
            Err(Error::NotSupported { parameter })
        );
    }
}

#[test]
fn consent_and_domain_level_connections_still_apply() {
    assert_eq!(decide(with("prompt", "none")), Err(Error::ConsentRequired));
    let other = decide(with("connection", "staff-ldap"));
    assert_eq!(other, Err(Error::ConnectionNotAvailable));
}

#[test]
fn request_for_only_the_users_identity_is_allowed() {
    let mut identity = without("resource");
    identity.retain(|(name, _)| *name != "scope");
    identity.push(("scope", "openid profile offline_access".to_owned()));
    let decision = decide(identity).unwrap();
    assert_eq!(decision.access().audience(), None);
    assert!(
        decision
            .access()
            .scopes()
            .eq(["openid", "profile", "offline_access"])
    );
    let client = client();
    let consent = decision.consent(&client).unwrap();
    assert_eq!(consent.apis.len(), 1);
    assert_eq!(consent.apis[0].audience, None);
}
