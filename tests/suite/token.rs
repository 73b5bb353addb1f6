//! Token requests: which clients are admitted, which codes and refresh tokens are valid, and what
//! is granted.

mod clients;
mod families;
mod family_properties;
mod scopes;

use std::time::Duration;

use oauth_dcr::{
    Client, TenantId, TenantSettings, Timestamp,
    access::{AccessError, AccessRequest},
    authorization::{AuthorizationRequest, CodeBinding},
    settings::{ApiPolicy, ClientGrant, GrantedScope, Grantee, SubjectType},
    token::{
        ClientAuthenticationError, DeviceBinding, DeviceFault, GrantFault, Lookup, RefreshBinding,
        RefreshFamily, RefreshTokenAction, TokenDecision, TokenError as Error, TokenGrant,
        TokenRefusal, TokenRequest,
    },
};

use super::support::{
    clients::Stored,
    tenants::{API, t1},
};

// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT_URI: &str = "https://app.example.com/callback";
const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
const MINUTE: Duration = Duration::from_mins(1);

type Form = Vec<(&'static str, String)>;

fn public() -> Client {
    Stored::public("tpc_A1").client()
}

fn confidential() -> Client {
    Stored::confidential("tpc_A1", "client_secret_post", "s3cret").client()
}

fn form(pairs: &[(&'static str, &str)]) -> Form {
    pairs
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect()
}

/// The form that a well-behaved public client sends to redeem its code.
fn code_form() -> Form {
    form(&[
        ("grant_type", "authorization_code"),
        ("client_id", "tpc_A1"),
        ("code", "a-code"),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ])
}

fn refresh_form() -> Form {
    form(&[
        ("grant_type", "refresh_token"),
        ("client_id", "tpc_A1"),
        ("refresh_token", "a-token"),
    ])
}

fn with(mut form: Form, name: &'static str, value: &str) -> Form {
    form.retain(|(known, _)| *known != name);
    form.push((name, value.to_owned()));
    form
}

fn without(mut form: Form, name: &str) -> Form {
    form.retain(|(known, _)| *known != name);
    form
}

/// The binding of a code that `client` has just received.
fn bound_to(client: &Client, changed: &[(&'static str, Option<&str>)]) -> CodeBinding {
    let mut pairs = form(&[
        ("response_type", "code"),
        ("client_id", client.id().as_str()),
        ("redirect_uri", REDIRECT_URI),
        ("resource", API),
        ("scope", "read:items write:items offline_access"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("nonce", "n-1"),
    ]);
    for (name, value) in changed {
        pairs = match value {
            Some(value) => with(pairs, name, value),
            None => without(pairs, name),
        };
    }
    let request = AuthorizationRequest::from_pairs(pairs);
    let decision = request.authorize(&t1(), Some(client)).unwrap();
    decision.approve().code_binding(NOW, MINUTE).unwrap()
}

fn unused<B>(binding: Option<&B>) -> Lookup<'_, B> {
    binding.map_or(Lookup::NotFound, Lookup::Active)
}

fn exchange(
    tenant: &TenantSettings,
    client: &Client,
    form: Form,
    binding: Option<&CodeBinding>,
) -> Result<TokenDecision, TokenRefusal> {
    let request = TokenRequest::from_pairs(form, None);
    match request.authenticate(tenant, Some(client), NOW)? {
        TokenGrant::AuthorizationCode(exchange) => exchange.check(unused(binding)),
        grant => panic!("another grant: {grant:?}"),
    }
}

fn refresh(
    tenant: &TenantSettings,
    client: &Client,
    form: Form,
    kept: Option<&IssuedToken>,
) -> Result<TokenDecision, TokenRefusal> {
    refresh_at(NOW, tenant, client, form, kept)
}

fn refresh_at(
    now: Timestamp,
    tenant: &TenantSettings,
    client: &Client,
    form: Form,
    kept: Option<&IssuedToken>,
) -> Result<TokenDecision, TokenRefusal> {
    let request = TokenRequest::from_pairs(form, None);
    match request.authenticate(tenant, Some(client), now)? {
        TokenGrant::RefreshToken(exchange) => {
            exchange.check(kept.map(|(binding, family)| (binding, *family)))
        }
        grant => panic!("another grant: {grant:?}"),
    }
}

/// The data that a host stores for a refresh token.
type IssuedToken = (RefreshBinding, RefreshFamily);

fn kept(decision: &TokenDecision) -> IssuedToken {
    let binding = decision.refresh_binding(NOW, MINUTE).unwrap();
    (binding, decision.refresh_family().unwrap())
}

/// The stored refresh token that belongs to such a code.
fn refresh_token(client: &Client) -> IssuedToken {
    let binding = bound_to(client, &[]);
    let form = if client.is_public() {
        code_form()
    } else {
        with(code_form(), "client_secret", "s3cret")
    };
    kept(&exchange(&t1(), client, form, Some(&binding)).unwrap())
}

fn error<T: std::fmt::Debug>(result: Result<T, TokenRefusal>) -> Error {
    result.unwrap_err().error()
}

#[test]
fn valid_code_grants_what_was_approved() {
    let binding = bound_to(&public(), &[]);
    let decision = exchange(&t1(), &public(), code_form(), Some(&binding)).unwrap();
    assert_eq!(decision.tenant().as_str(), "t1");
    assert_eq!(decision.client_id().as_str(), "tpc_A1");
    assert_eq!(decision.access().audience(), Some(API));
    assert!(decision.access().scopes().eq(["read:items", "write:items"]));
    assert_eq!(decision.refresh_token(), RefreshTokenAction::Issue);
    assert_eq!(decision.nonce(), Some("n-1"));
    let ends = NOW.saturating_add(MINUTE);
    let kept = decision.refresh_binding(NOW, MINUTE).unwrap();
    assert_eq!(kept.expires_at(), ends);
    assert_eq!(kept.client_id().as_str(), "tpc_A1");
    assert!(kept.access().scopes().eq(["read:items", "write:items"]));
}

#[test]
fn refresh_token_needs_offline_access() {
    let binding = bound_to(&public(), &[("scope", Some("read:items"))]);
    let decision = exchange(&t1(), &public(), code_form(), Some(&binding)).unwrap();
    assert_eq!(decision.refresh_token(), RefreshTokenAction::None);
    assert_eq!(decision.refresh_binding(NOW, MINUTE), None);
    // A client that is not registered for it gets no refresh token either.
    let client = Stored::public("tpc_A1")
        .grant_types(&["authorization_code"])
        .client();
    let binding = bound_to(&client, &[]);
    let decision = exchange(&t1(), &client, code_form(), Some(&binding)).unwrap();
    assert_eq!(decision.refresh_token(), RefreshTokenAction::None);
}

#[test]
fn every_bad_code_is_an_invalid_grant() {
    let own = bound_to(&public(), &[]);
    let only = bound_to(&public(), &[("redirect_uri", None)]);
    let other = bound_to(&Stored::public("tpc_B2").client(), &[]);
    let form = code_form;
    for (form, binding, fault) in [
        (form(), None, GrantFault::Unknown),
        (form(), Some(&other), GrantFault::OtherClient),
        (
            with(form(), "redirect_uri", "https://app.example.com/two"),
            Some(&own),
            GrantFault::RedirectUri,
        ),
        (
            with(form(), "redirect_uri", "https://app.example.com/two"),
            Some(&only),
            GrantFault::RedirectUri,
        ),
        (
            without(form(), "code_verifier"),
            Some(&own),
            GrantFault::Verifier,
        ),
        (
            with(form(), "code_verifier", ""),
            Some(&own),
            GrantFault::Verifier,
        ),
        (
            with(form(), "code_verifier", CHALLENGE),
            Some(&own),
            GrantFault::Verifier,
        ),
        (
            with(form(), "code_verifier", &VERIFIER.to_uppercase()),
            Some(&own),
            GrantFault::Verifier,
        ),
        (
            with(form(), "code_verifier", &VERIFIER[..42]),
            Some(&own),
            GrantFault::Verifier,
        ),
        (
            with(form(), "code_verifier", &"a".repeat(129)),
            Some(&own),
            GrantFault::Verifier,
        ),
        (
            with(form(), "code_verifier", &format!(" {VERIFIER}")),
            Some(&own),
            GrantFault::Verifier,
        ),
    ] {
        let refusal = exchange(&t1(), &public(), form, binding).unwrap_err();
        assert_eq!(refusal.error(), Error::InvalidGrant(fault));
        assert_eq!(refusal.error().code(), "invalid_grant");
        assert_eq!(refusal.to_response().status(), 400);
    }
}

#[test]
fn a_challenge_makes_redirect_uri_optional() {
    let requested = bound_to(&public(), &[]);
    let not_requested = bound_to(&public(), &[("redirect_uri", None)]);
    for binding in [&requested, &not_requested] {
        for form in [
            code_form(),
            without(code_form(), "redirect_uri"),
            with(code_form(), "redirect_uri", ""),
        ] {
            assert!(exchange(&t1(), &public(), form, Some(binding)).is_ok());
        }
    }
}

#[test]
fn without_a_challenge_redirect_uri_is_required_again() {
    let client = Stored::public("tpc_A1").permissive().client();
    let bare = [("code_challenge", None), ("code_challenge_method", None)];
    let form = without(code_form(), "code_verifier");
    let requested = bound_to(&client, &bare);
    let refused = Error::InvalidGrant(GrantFault::RedirectUri);
    for form in [
        without(form.clone(), "redirect_uri"),
        with(form.clone(), "redirect_uri", ""),
    ] {
        let result = exchange(&t1(), &client, form, Some(&requested));
        assert_eq!(error(result), refused);
    }
    let not_requested = bound_to(&client, &[bare[0], bare[1], ("redirect_uri", None)]);
    for form in [without(form.clone(), "redirect_uri"), form] {
        assert!(exchange(&t1(), &client, form, Some(&not_requested)).is_ok());
    }
}

#[test]
fn code_expires_after_its_lifetime() {
    let binding = bound_to(&public(), &[]);
    let at = |now| {
        let request = TokenRequest::from_pairs(code_form(), None);
        let (tenant, client) = (t1(), public());
        match request.authenticate(&tenant, Some(&client), now).unwrap() {
            TokenGrant::AuthorizationCode(exchange) => exchange.check(Lookup::Active(&binding)),
            grant => panic!("another grant: {grant:?}"),
        }
    };
    let last = Timestamp::from_unix_millis(binding.expires_at().unix_millis() - 1);
    assert!(at(last).is_ok());
    let expired = Error::InvalidGrant(GrantFault::Expired);
    assert_eq!(error(at(binding.expires_at())), expired);
    // A clock that steps back does not invalidate a code.
    assert!(at(Timestamp::from_unix_millis(0)).is_ok());
}

#[test]
fn expired_replay_is_reported_only_to_its_client() {
    let binding = bound_to(&public(), &[]);
    let at = |client: &Client, form: Form, now| {
        let tenant = t1();
        let request = TokenRequest::from_pairs(form, None);
        match request.authenticate(&tenant, Some(client), now).unwrap() {
            TokenGrant::AuthorizationCode(exchange) => {
                error(exchange.check(Lookup::Consumed(&binding)))
            }
            grant => panic!("another grant: {grant:?}"),
        }
    };
    let replayed = Error::InvalidGrant(GrantFault::Replayed);
    assert_eq!(at(&public(), code_form(), NOW), replayed);
    assert_eq!(at(&public(), code_form(), binding.expires_at()), replayed);
    let other = Stored::public("tpc_B2").client();
    let form = with(code_form(), "client_id", "tpc_B2");
    assert_eq!(
        at(&other, form, NOW),
        Error::InvalidGrant(GrantFault::OtherClient)
    );
}

#[test]
fn code_for_a_removed_redirect_uri_is_refused() {
    let binding = bound_to(&public(), &[]);
    let moved = Stored::public("tpc_A1").redirect_uris(&["https://app.example.com/new"]);
    let refused = exchange(&t1(), &moved.client(), code_form(), Some(&binding));
    assert_eq!(error(refused), Error::InvalidGrant(GrantFault::RedirectUri));
}

#[test]
fn client_without_the_grant_gets_no_refresh_token() {
    let binding = bound_to(&public(), &[]);
    let client = Stored::public("tpc_A1")
        .grant_types(&["authorization_code"])
        .client();
    let decision = exchange(&t1(), &client, code_form(), Some(&binding)).unwrap();
    assert_eq!(decision.refresh_token(), RefreshTokenAction::None);
}

#[test]
fn a_refusal_reveals_nothing_about_a_code() {
    let unknown = exchange(&t1(), &public(), code_form(), None).unwrap_err();
    let other = bound_to(&Stored::public("tpc_B2").client(), &[]);
    let others = exchange(&t1(), &public(), code_form(), Some(&other)).unwrap_err();
    let request = TokenRequest::from_pairs(code_form(), None);
    let (tenant, client) = (t1(), public());
    let TokenGrant::AuthorizationCode(exchange) =
        request.authenticate(&tenant, Some(&client), NOW).unwrap()
    else {
        panic!("another grant");
    };
    let used = exchange.replayed();
    assert_eq!(used.error(), Error::InvalidGrant(GrantFault::Replayed));
    assert_eq!(unknown.to_string(), others.to_string());
    assert_eq!(unknown.to_string(), used.to_string());
}

#[test]
fn a_strict_client_needs_a_code_challenge() {
    let before = Stored::public("tpc_A1").permissive().client();
    let bare = [("code_challenge", None), ("code_challenge_method", None)];
    let binding = bound_to(&before, &bare);
    let no_challenge = Error::InvalidGrant(GrantFault::NoChallenge);
    let no_verifier = without(code_form(), "code_verifier");
    for form in [code_form(), no_verifier.clone()] {
        assert_eq!(
            error(exchange(&t1(), &public(), form, Some(&binding))),
            no_challenge
        );
    }
    // A permissive client may omit the challenge, but may not send a verifier without a challenge.
    assert!(exchange(&t1(), &before, no_verifier.clone(), Some(&binding)).is_ok());
    assert_eq!(
        error(exchange(&t1(), &before, code_form(), Some(&binding))),
        no_challenge
    );
    // It may not omit the verifier after it sent a challenge.
    let asked = bound_to(&before, &[]);
    let verifier = Error::InvalidGrant(GrantFault::Verifier);
    assert_eq!(
        error(exchange(&t1(), &before, no_verifier, Some(&asked))),
        verifier
    );
}

#[test]
fn withdrawn_permission_grants_nothing() {
    let binding = bound_to(&public(), &[]);
    let withdrawn = Error::InvalidGrant(GrantFault::Withdrawn);
    let mut tenant = t1();
    tenant.client_grants.clear();
    assert_eq!(
        error(exchange(&tenant, &public(), code_form(), Some(&binding))),
        withdrawn
    );
    let mut tenant = t1();
    tenant.apis[0].policy = ApiPolicy::Deny;
    assert_eq!(
        error(exchange(&tenant, &public(), code_form(), Some(&binding))),
        withdrawn
    );
    let mut tenant = t1();
    tenant.apis[0].scopes = vec!["write:items".to_owned()];
    let left = exchange(&tenant, &public(), code_form(), Some(&binding)).unwrap();
    assert!(left.access().scopes().eq(["write:items"]));
    tenant.apis[0].scopes.clear();
    assert_eq!(
        error(exchange(&tenant, &public(), code_form(), Some(&binding))),
        withdrawn
    );
    let kept = refresh_token(&public());
    assert_eq!(
        error(refresh(&tenant, &public(), refresh_form(), Some(&kept))),
        withdrawn
    );
    // A client that requests every approved scope gets the scopes that remain.
    tenant.apis[0].scopes = vec!["write:items".to_owned()];
    let form = with(refresh_form(), "scope", "read:items write:items");
    let left = refresh(&tenant, &public(), form, Some(&kept)).unwrap();
    assert!(left.access().scopes().eq(["write:items"]));
}

#[test]
fn token_request_may_name_only_the_approved_api() {
    let binding = bound_to(&public(), &[]);
    let about = |name, value| {
        exchange(
            &t1(),
            &public(),
            with(code_form(), name, value),
            Some(&binding),
        )
    };
    assert!(about("resource", API).is_ok());
    assert!(about("resource", "https://api.example.com/").is_ok());
    assert!(about("audience", API).is_ok());
    for (name, value) in [
        ("resource", "https://other.example"),
        ("audience", "https://api.example.com/"),
    ] {
        let refused = error(about(name, value));
        assert_eq!(refused, AccessError::OtherApi.into(), "{name}");
        assert_eq!(refused.code(), "invalid_target");
    }
    let mut several = with(code_form(), "resource", API);
    several.push(("resource", "https://other.example".to_owned()));
    let refused = error(exchange(&t1(), &public(), several, Some(&binding)));
    assert_eq!(refused, AccessError::SeveralResources.into());
    assert_eq!(refused.code(), "invalid_request");
}

#[test]
fn refresh_token_belongs_to_one_client_and_expires() {
    let kept = refresh_token(&public());
    let other = Stored::public("tpc_B2").client();
    let form = with(refresh_form(), "client_id", "tpc_B2");
    let others = Error::InvalidGrant(GrantFault::OtherClient);
    assert_eq!(error(refresh(&t1(), &other, form, Some(&kept))), others);
    let unknown = Error::InvalidGrant(GrantFault::Unknown);
    assert_eq!(
        error(refresh(&t1(), &public(), refresh_form(), None)),
        unknown
    );
    let request = TokenRequest::from_pairs(refresh_form(), None);
    let (tenant, client) = (t1(), public());
    let TokenGrant::RefreshToken(exchange) = request
        .authenticate(&tenant, Some(&client), kept.0.expires_at())
        .unwrap()
    else {
        panic!("another grant");
    };
    assert_eq!(exchange.refresh_token(), "a-token");
    let expired = Error::InvalidGrant(GrantFault::Expired);
    assert_eq!(error(exchange.check(Some((&kept.0, kept.1)))), expired);
}

#[test]
fn refresh_binding_survives_a_round_trip() {
    let (binding, family) = refresh_token(&public());
    let text = serde_json::to_string(&binding).unwrap();
    assert_eq!(
        serde_json::from_str::<RefreshBinding>(&text).unwrap(),
        binding
    );
    let widened = text.replace("read:items", "read:users");
    assert!(serde_json::from_str::<RefreshBinding>(&widened).is_err());
    assert!(serde_json::from_str::<CodeBinding>(&text).is_err());
    assert!(serde_json::from_str::<RefreshFamily>(&text).is_err());

    let text = serde_json::to_string(&family.ended()).unwrap();
    let read: RefreshFamily = serde_json::from_str(&text).unwrap();
    assert!(read.is_ended());
    let revived = text.replace("true", "false");
    assert!(serde_json::from_str::<RefreshFamily>(&revived).is_err());
}

#[test]
fn code_of_another_tenant_is_refused() {
    let mut tenant = t1();
    tenant.id = TenantId::parse("t2").unwrap();
    let mut record = serde_json::to_value(public()).unwrap();
    record["tenant"] = "t2".into();
    let client: Client = serde_json::from_value(record).unwrap();
    let binding = bound_to(&public(), &[]);
    let others = Error::InvalidGrant(GrantFault::OtherClient);
    assert_eq!(
        error(exchange(&tenant, &client, code_form(), Some(&binding))),
        others
    );
}

#[test]
fn permissive_client_credentials_need_an_explicit_grant() {
    let client = Stored::confidential("A1", "client_secret_post", "s3cret")
        .permissive()
        .grant_types(&["authorization_code", "client_credentials"])
        .client();
    let own = form(&[
        ("grant_type", "client_credentials"),
        ("client_id", "A1"),
        ("client_secret", "s3cret"),
        ("audience", API),
        ("scope", "read:items delete:items offline_access"),
    ]);
    let decide = |tenant: &TenantSettings, form: Form| match TokenRequest::from_pairs(form, None)
        .authenticate(tenant, Some(&client), NOW)?
    {
        TokenGrant::ClientCredentials(request) => request.check(),
        grant => panic!("another grant: {grant:?}"),
    };
    // The default permission of the tenant covers only access for users.
    assert_eq!(
        error(decide(&t1(), own.clone())),
        AccessError::NoGrant.into()
    );
    let mut tenant = t1();
    let scope = GrantedScope::Listed(vec!["read:items".to_owned()]);
    let mut grant = ClientGrant::new(Grantee::Client(client.id().clone()), API, scope);
    grant.subject_type = SubjectType::Client;
    tenant.client_grants.push(grant);
    let decision = decide(&tenant, own.clone()).unwrap();
    assert!(decision.access().scopes().eq(["read:items"]));
    assert_eq!(decision.refresh_token(), RefreshTokenAction::None);
    let nowhere = without(own, "audience");
    assert_eq!(
        error(decide(&tenant, nowhere)),
        AccessError::ApiRequired.into()
    );
}

#[test]
fn device_code_belongs_to_one_client() {
    let client = Stored::public("A1")
        .permissive()
        .grant_types(&[
            "authorization_code",
            "urn:ietf:params:oauth:grant-type:device_code",
        ])
        .client();
    let tenant = t1();
    let wanted = AccessRequest::to(API).scope("read:items");
    let given = wanted.check(&tenant, &client).unwrap();
    let binding = DeviceBinding::new(&client, given.clone(), NOW, MINUTE);
    let text = serde_json::to_string(&binding).unwrap();
    assert_eq!(
        serde_json::from_str::<DeviceBinding>(&text).unwrap(),
        binding
    );
    assert!(serde_json::from_str::<RefreshBinding>(&text).is_err());
    let form = form(&[
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", "A1"),
        ("device_code", "a-device"),
    ]);
    let request = TokenRequest::from_pairs(form.clone(), None);
    let TokenGrant::DeviceCode(exchange) =
        request.authenticate(&tenant, Some(&client), NOW).unwrap()
    else {
        panic!("another grant");
    };
    assert_eq!(exchange.device_code(), "a-device");
    let pending = exchange.refuse(DeviceFault::AuthorizationPending);
    assert_eq!(pending.error().code(), "authorization_pending");
    assert_eq!(pending.to_response().status(), 400);
    let decision = exchange.check(Lookup::Active(&binding)).unwrap();
    assert_eq!(decision.access(), &given);
    let replayed = Error::InvalidGrant(GrantFault::Replayed);
    assert_eq!(error(exchange.check(Lookup::Consumed(&binding))), replayed);
    assert_eq!(exchange.replayed().error(), replayed);
    let ended = DeviceBinding::new(&client, given.clone(), NOW, Duration::ZERO);
    let expired = error(exchange.check(Lookup::Active(&ended)));
    assert_eq!(expired, Error::Device(DeviceFault::ExpiredToken));
    assert_eq!(expired.code(), "expired_token");
    let others = DeviceBinding::new(&public(), given, NOW, MINUTE);
    let other_client = Error::InvalidGrant(GrantFault::OtherClient);
    assert_eq!(error(exchange.check(Lookup::Active(&others))), other_client);
    let request = TokenRequest::from_pairs(without(form, "device_code"), None);
    let missing = Error::Missing {
        parameter: "device_code",
    };
    assert_eq!(
        error(request.authenticate(&tenant, Some(&client), NOW)),
        missing
    );
}

#[test]
fn refresh_token_family_keeps_its_start_time() {
    let kept = refresh_token(&public());
    assert_eq!(kept.0.began_at(), NOW);
    let later = NOW.saturating_add(MINUTE / 2);
    let decision = refresh_at(later, &t1(), &public(), refresh_form(), Some(&kept)).unwrap();
    let next = decision.refresh_binding(later, Duration::MAX).unwrap();
    assert_eq!(next.began_at(), NOW);
    // Every family has an end.
    let lifetime = next.expires_at().saturating_since(later);
    assert_eq!(lifetime, RefreshBinding::MAX_LIFETIME);
}

#[test]
fn a_decision_shows_no_nonce() {
    let binding = bound_to(&public(), &[("nonce", Some("canary-7"))]);
    let decision = exchange(&t1(), &public(), code_form(), Some(&binding)).unwrap();
    assert_eq!(decision.nonce(), Some("canary-7"));
    assert!(!format!("{decision:?}").contains("canary"));
}
