//! Authorization requests: what is refused, who is told, and what a decision contains.

mod consent_names;
mod denial;
mod envelope;
mod known_parameters;
mod permissive;
mod refusal_texts;
mod response_parameters;

use std::time::Duration;

use oauth_dcr::{
    Client, TenantId, TenantSettings, Timestamp,
    access::AccessError,
    authorization::{
        AuthorizationDecision, AuthorizationError as Error, AuthorizationRefusal,
        AuthorizationRequest, AuthorizationResponse, CodeBinding, Delivery, Issued, LinkTarget,
    },
    redirect_uri::Destination,
    settings::{Connection, UnknownParameters},
    types::{ErrorRedirectPolicy, ResponseType},
};

use super::support::{
    clients::Stored,
    tenants::{API, t1},
};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT_URI: &str = "https://app.example.com/callback";

type Pairs = Vec<(&'static str, String)>;

/// The parameters of a well-behaved client.
fn good() -> Pairs {
    [
        ("response_type", "code"),
        ("client_id", "tpc_A1"),
        ("redirect_uri", REDIRECT_URI),
        ("resource", API),
        ("scope", "read:items offline_access"),
        ("state", "s-1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

fn with(name: &'static str, value: &str) -> Pairs {
    let mut pairs = without(name);
    pairs.push((name, value.to_owned()));
    pairs
}

fn twice(name: &'static str, value: &str) -> Pairs {
    let mut pairs = good();
    pairs.push((name, value.to_owned()));
    pairs
}

fn without(name: &str) -> Pairs {
    let mut pairs = good();
    pairs.retain(|(known, _)| *known != name);
    pairs
}

fn authorize(
    tenant: &TenantSettings,
    client: &Client,
    pairs: Pairs,
) -> Result<AuthorizationDecision, AuthorizationRefusal> {
    AuthorizationRequest::from_pairs(pairs).authorize(tenant, Some(client))
}

/// The target of a redirect.
fn location(response: &AuthorizationResponse) -> String {
    match response.delivery() {
        Delivery::Redirect(location) => location,
        Delivery::Form => panic!("a form: {response:?}"),
    }
}

fn refused(tenant: &TenantSettings, client: &Client, pairs: Pairs) -> AuthorizationRefusal {
    authorize(tenant, client, pairs).unwrap_err()
}

fn client() -> Client {
    Stored::public("tpc_A1").client()
}

fn redirecting() -> Client {
    client().with_error_redirect_policy(ErrorRedirectPolicy::AllowAlways)
}

/// Each error that can occur before the redirect URI is known, with its code.
fn before_the_redirect_uri() -> Vec<(Pairs, Client, Error, &'static str)> {
    let two =
        Stored::public("tpc_A1").redirect_uris(&[REDIRECT_URI, "https://app.example.com/two"]);
    let two = two
        .client()
        .with_error_redirect_policy(ErrorRedirectPolicy::AllowAlways);
    let repeated = |parameter| Error::Repeated { parameter };
    let uri = Error::RedirectUriNotRegistered;
    let large = with("state", &"s".repeat(AuthorizationRequest::MAX_BYTES));
    vec![
        (large, redirecting(), Error::TooLarge, "invalid_request"),
        (
            without("client_id"),
            redirecting(),
            Error::ClientIdRequired,
            "invalid_request",
        ),
        (
            twice("client_id", "tpc_A1"),
            redirecting(),
            repeated("client_id"),
            "invalid_request",
        ),
        (
            with("client_id", "tpc_B2"),
            redirecting(),
            Error::UnknownClient,
            "invalid_client",
        ),
        (
            good(),
            redirecting().with_blocked(true),
            Error::Blocked,
            "unauthorized_client",
        ),
        (
            without("redirect_uri"),
            two,
            Error::RedirectUriRequired,
            "invalid_request",
        ),
        (
            twice("redirect_uri", REDIRECT_URI),
            redirecting(),
            repeated("redirect_uri"),
            "invalid_request",
        ),
        (
            with("redirect_uri", "https://evil.test/"),
            redirecting(),
            uri,
            "invalid_request",
        ),
        (
            with("redirect_uri", "https://APP.example.com/callback"),
            redirecting(),
            uri,
            "invalid_request",
        ),
    ]
}

/// Each error that can occur after the redirect URI is known.
fn after_the_redirect_uri() -> Vec<(Pairs, Error, &'static str)> {
    let mut errors = of_access();
    errors.extend(of_names());
    errors.extend(of_pkce());
    let response_types = ["token", "code token", "id_token", "none", "CODE"];
    errors.extend(response_types.map(|response_type| {
        let error = Error::UnsupportedResponseType;
        let pairs = with("response_type", response_type);
        (pairs, error, "unsupported_response_type")
    }));
    for prompt in ["none", "login none"] {
        let error = Error::ConsentRequired;
        errors.push((with("prompt", prompt), error, "consent_required"));
    }
    for connection in ["staff-ldap", "nowhere"] {
        let error = Error::ConnectionNotAvailable;
        errors.push((with("connection", connection), error, "invalid_request"));
    }
    errors
}

fn of_names() -> Vec<(Pairs, Error, &'static str)> {
    let mut errors = [
        (twice("state", "s-1"), "state"),
        (twice("code_challenge", CHALLENGE), "code_challenge"),
    ]
    .map(|(pairs, parameter)| (pairs, Error::Repeated { parameter }))
    .to_vec();
    for parameter in [
        "claims",
        "id_token_hint",
        "invitation",
        "login_ticket",
        "request",
        "request_uri",
        "screen_hint",
    ] {
        errors.push((with(parameter, "x"), Error::NotSupported { parameter }));
    }
    errors.push((without("response_type"), Error::ResponseTypeRequired));
    errors.push((
        with("response_mode", "web_message"),
        Error::UnsupportedResponseMode,
    ));
    let errors = errors.into_iter();
    errors
        .map(|(pairs, error)| (pairs, error, "invalid_request"))
        .collect()
}

fn of_pkce() -> Vec<(Pairs, Error, &'static str)> {
    let padded = format!("{CHALLENGE}=");
    [
        (without("code_challenge"), Error::ChallengeRequired),
        (with("code_challenge", ""), Error::ChallengeRequired),
        (
            with("code_challenge", &CHALLENGE[1..]),
            Error::MalformedChallenge,
        ),
        (with("code_challenge", &padded), Error::MalformedChallenge),
        (
            without("code_challenge_method"),
            Error::UnsupportedChallengeMethod,
        ),
        (
            with("code_challenge_method", "plain"),
            Error::UnsupportedChallengeMethod,
        ),
        (
            with("code_challenge_method", "s256"),
            Error::UnsupportedChallengeMethod,
        ),
    ]
    .map(|(pairs, error)| (pairs, error, "invalid_request"))
    .into()
}

fn of_access() -> Vec<(Pairs, Error, &'static str)> {
    let other = "https://other.example";
    [
        (
            without("resource"),
            AccessError::ApiRequired,
            "invalid_request",
        ),
        (
            with("resource", other),
            AccessError::UnknownApi,
            "invalid_target",
        ),
        (
            with("audience", other),
            AccessError::ApisDiffer,
            "invalid_target",
        ),
        (
            twice("resource", other),
            AccessError::SeveralResources,
            "invalid_request",
        ),
        (
            with("scope", "a\tb"),
            AccessError::MalformedScope,
            "invalid_scope",
        ),
        (
            with("scope", "delete:items"),
            AccessError::NothingLeft,
            "invalid_scope",
        ),
    ]
    .map(|(pairs, error, code)| (pairs, error.into(), code))
    .into()
}

#[test]
fn a_refusal_without_a_redirect_uri_never_redirects() {
    for (pairs, client, error, code) in before_the_redirect_uri() {
        let refusal = refused(&t1(), &client, pairs);
        assert_eq!(refusal.error(), error);
        assert_eq!(refusal.error().code(), code);
        assert_eq!(refusal.response(), None, "{error:?}");
        assert_eq!(refusal.link(), None, "{error:?}");
    }
}

#[test]
fn a_later_refusal_redirects_only_if_allowed() {
    for (pairs, error, code) in after_the_redirect_uri() {
        let page = refused(&t1(), &client(), pairs.clone());
        assert_eq!((page.error(), page.response()), (error, None));
        let refusal = refused(&t1(), &redirecting(), pairs);
        assert_eq!(refusal.error(), error);
        assert_eq!(refusal.error().code(), code);
        let response = refusal.response().unwrap();
        assert_eq!(response.redirect_uri(), REDIRECT_URI);
        let sent: Vec<_> = response.parameters().collect();
        assert_eq!(sent[0], ("error", code));
        assert_eq!(sent[1], ("error_description", &*error.to_string()));
        assert_eq!(*sent.last().unwrap(), ("iss", "https://auth.example.com"));
        let state = sent.iter().find(|(name, _)| *name == "state");
        let ambiguous = error == Error::Repeated { parameter: "state" };
        assert_eq!(state.is_none(), ambiguous, "{error:?}");
        // The link on the page has the same parameters as the redirect.
        assert_eq!(refusal.link(), None);
        let anchor = LinkTarget::Anchor(location(response));
        assert_eq!(page.link().unwrap().target(), anchor, "{error:?}");
    }
}

#[test]
fn existing_clients_work_after_registration_is_disabled() {
    for enabled in [true, false] {
        let mut tenant = t1();
        tenant.registration.enabled = enabled;
        assert!(authorize(&tenant, &client(), good()).is_ok());
    }
}

#[test]
fn no_description_repeats_what_the_client_sent() {
    let marked = |name| with(name, "canary-7");
    for name in [
        "client_id",
        "redirect_uri",
        "response_type",
        "response_mode",
        "code_challenge",
        "code_challenge_method",
        "connection",
        "resource",
        "audience",
        "canary-7",
    ] {
        let mut tenant = t1();
        tenant.unknown_authorize_parameters = UnknownParameters::Reject;
        let refusal = refused(&tenant, &redirecting(), marked(name));
        assert!(!refusal.to_string().contains("canary"), "{name}: {refusal}");
    }
}

#[test]
fn an_error_keeps_the_registered_query() {
    let client = Stored::public("tpc_A1").redirect_uris(&["https://app.example.com/cb?a=%2f&b"]);
    let client = client
        .client()
        .with_error_redirect_policy(ErrorRedirectPolicy::AllowAlways);
    let mut pairs = with("redirect_uri", "https://app.example.com/cb?a=%2f&b");
    pairs.retain(|(name, _)| *name != "state" && *name != "response_type");
    pairs.push(("state", "a b&c=\u{e9}#".to_owned()));
    let refusal = refused(&t1(), &client, pairs);
    assert_eq!(
        location(refusal.response().unwrap()),
        "https://app.example.com/cb?a=%2f&b&error=invalid_request\
         &error_description=response_type+is+missing%3A+send+response_type%3Dcode\
         &state=a+b%26c%3D%C3%A9%23&iss=https%3A%2F%2Fauth.example.com"
    );
}

#[test]
fn unknown_client_is_told_where_to_register() {
    let endpoint = |tenant: &TenantSettings| {
        let request = AuthorizationRequest::from_pairs(good());
        let refusal = request.authorize(tenant, None).unwrap_err();
        assert_eq!(refusal.error(), Error::UnknownClient);
        refusal.registration_endpoint().map(ToOwned::to_owned)
    };
    let mut tenant = t1();
    assert_eq!(
        endpoint(&tenant).unwrap(),
        "https://auth.example.com/oidc/register"
    );
    tenant.registration.path = "/register".to_owned().try_into().unwrap();
    assert_eq!(
        endpoint(&tenant).unwrap(),
        "https://auth.example.com/register"
    );
    tenant.registration.enabled = false;
    assert_eq!(endpoint(&tenant), None);
    // A blocked client is not invited to register.
    let refusal = refused(&t1(), &client().with_blocked(true), good());
    assert_eq!(refusal.registration_endpoint(), None);
}

#[test]
fn a_client_of_another_tenant_is_unknown() {
    let mut tenant = t1();
    tenant.id = TenantId::parse("t2").unwrap();
    assert_eq!(
        refused(&tenant, &client(), good()).error(),
        Error::UnknownClient
    );
}

#[test]
fn an_invalid_client_id_is_not_looked_up() {
    for id in ["a b", "\u{e9}", &"a".repeat(513)] {
        let request = AuthorizationRequest::from_pairs([("client_id", id)]);
        assert_eq!(request.client_id(), None);
        assert_eq!(
            request.authorize(&t1(), None).unwrap_err().error(),
            Error::UnknownClient
        );
    }
}

#[test]
fn query_and_its_pairs_decide_the_same() {
    let query = format!(
        "response_type=code&client_id=tpc_A1&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback\
         &resource=https%3A%2F%2Fapi.example.com&scope=read%3Aitems+offline_access&state=s-1\
         &code_challenge={CHALLENGE}&code_challenge_method=S256"
    );
    let by_query = AuthorizationRequest::from_query(&query).authorize(&t1(), Some(&client()));
    assert_eq!(by_query, authorize(&t1(), &client(), good()));
}

#[test]
fn decision_has_client_scopes_and_redirect_uri() {
    let decision = authorize(&t1(), &client(), with("nonce", "n-1")).unwrap();
    assert_eq!(decision.tenant().as_str(), "t1");
    assert_eq!(decision.client_id().as_str(), "tpc_A1");
    assert_eq!(decision.redirect_uri().as_str(), REDIRECT_URI);
    assert_eq!(decision.response_type(), ResponseType::Code);
    assert_eq!(decision.access().audience(), Some(API));
    assert!(decision.access().scopes().eq(["read:items"]));
    assert!(decision.access().has_offline_access());
    assert!(decision.connections().eq(["google"]));
    assert_eq!(decision.nonce(), Some("n-1"));
    let answer = decision.approve().response(Issued::code("c d"));
    assert_eq!(
        location(&answer),
        format!("{REDIRECT_URI}?code=c+d&state=s-1&iss=https%3A%2F%2Fauth.example.com")
    );
}

#[test]
fn only_domain_level_connections_are_offered() {
    let mut tenant = t1();
    let mut github = Connection::new("github");
    github.is_domain_connection = true;
    tenant.connections.push(github);
    let offered = |pairs| -> Vec<String> {
        let decision = authorize(&tenant, &client(), pairs).unwrap();
        decision.connections().map(ToOwned::to_owned).collect()
    };
    assert_eq!(offered(good()), ["google", "github"]);
    assert_eq!(offered(with("connection", "github")), ["github"]);
    tenant.connections.clear();
    let refusal = refused(&tenant, &client(), good());
    assert_eq!(refusal.error(), Error::NoConnection);
    assert_eq!(refusal.error().code(), "access_denied");
}

#[test]
fn response_goes_to_the_requested_redirect_uri() {
    let stored = || Stored::public("tpc_A1");
    let native = stored().redirect_uris(&["http://127.0.0.1:8080/cb", "http://localhost:8080/cb"]);
    let native = native.client();
    let decision =
        |tenant: &TenantSettings, uri| authorize(tenant, &native, with("redirect_uri", uri));
    let uri = "http://127.0.0.1:51004/cb";
    assert_eq!(decision(&t1(), uri).unwrap().redirect_uri().as_str(), uri);
    let named = "http://localhost:51004/cb";
    assert!(decision(&t1(), named).is_err());
    let mut tenant = t1();
    tenant.registration.redirect_uris.localhost_any_port = true;
    assert_eq!(
        decision(&tenant, named).unwrap().redirect_uri().as_str(),
        named
    );
    tenant.registration.redirect_uris.loopback_any_port = false;
    assert!(decision(&tenant, uri).is_err());
    // If it is absent, the only registered URI is used.
    let decision = authorize(&t1(), &client(), without("redirect_uri")).unwrap();
    assert_eq!(decision.redirect_uri().as_str(), REDIRECT_URI);
}

#[test]
fn form_post_is_used_if_requested() {
    let decision = authorize(&t1(), &client(), with("response_mode", "form_post")).unwrap();
    let response = decision.approve().response(Issued::code("c"));
    assert_eq!(response.delivery(), Delivery::Form);
    assert_eq!(response.redirect_uri(), REDIRECT_URI);
    let fields: Vec<_> = response.parameters().collect();
    let iss = ("iss", "https://auth.example.com");
    assert_eq!(fields, [("code", "c"), ("state", "s-1"), iss]);
    let decision = authorize(&t1(), &client(), with("response_mode", "fragment")).unwrap();
    let answer = decision.approve().response(Issued::code("c"));
    assert!(location(&answer).starts_with("https://app.example.com/callback#code=c&"));
    // An error uses the fragment as well.
    let mut pairs = with("response_mode", "form_post");
    pairs.push(("connection", "nowhere".to_owned()));
    let refusal = refused(&t1(), &redirecting(), pairs);
    assert_eq!(refusal.response().unwrap().delivery(), Delivery::Form);
    // The response mode must be unambiguous.
    let mut pairs = with("response_mode", "form_post");
    pairs.push(("response_mode", "fragment".to_owned()));
    let refusal = refused(&t1(), &redirecting(), pairs);
    assert!(location(refusal.response().unwrap()).contains("?error=invalid_request&"));
}

#[test]
fn strict_client_gets_only_a_code() {
    let approval = authorize(&t1(), &client(), good()).unwrap().approve();
    let issued = Issued::code("c")
        .access_token("t", Duration::from_mins(1))
        .id_token("i");
    let response = approval.response(issued);
    let names: Vec<_> = response.parameters().map(|(name, _)| name).collect();
    assert_eq!(names, ["code", "state", "iss"]);
}

#[test]
fn consent_describes_client_destination_and_scopes() {
    let client = Stored::public("tpc_A1")
        .redirect_uris(&[
            REDIRECT_URI,
            "https://app.example.com/2",
            "http://[::1]/cb",
            "com.example.app:/cb",
        ])
        .with("client_name", "My App")
        .with("client_name#fr", "Mon appli")
        .client();
    let decision = authorize(&t1(), &client, good()).unwrap();
    let consent = decision.consent(&client).unwrap();
    assert_eq!(consent.client_id.as_str(), "tpc_A1");
    assert_eq!(consent.client_name, Some("My App"));
    assert_eq!(consent.localized_names, []);
    assert_eq!(consent.names_left_out, 1);
    assert!(!consent.is_verified);
    assert_eq!(
        consent.registered_at,
        Timestamp::from_unix_seconds(1_700_000_000)
    );
    assert_eq!(consent.destination, Destination::Site("app.example.com"));
    let hosts = [
        Destination::Site("app.example.com"),
        Destination::Device("[::1]"),
        Destination::App("com.example.app"),
    ];
    assert_eq!(consent.redirect_hosts, hosts);
    assert!(!consent.is_all_loopback);
    assert_eq!(consent.apis.len(), 1);
    assert_eq!(consent.apis[0].audience, Some(API));
    assert_eq!(consent.apis[0].scopes, ["read:items"]);
    assert!(consent.has_offline_access);
    assert_eq!(decision.consent(&Stored::public("tpc_B2").client()), None);

    let native =
        Stored::public("tpc_A1").redirect_uris(&["http://127.0.0.1/cb", "http://localhost/cb"]);
    let native = native.client();
    let decision = authorize(
        &t1(),
        &native,
        with("redirect_uri", "http://127.0.0.1:5/cb"),
    )
    .unwrap();
    let consent = decision.consent(&native).unwrap();
    assert!(consent.is_all_loopback);
    assert_eq!(consent.destination, Destination::Device("127.0.0.1"));
}

#[test]
fn user_can_remove_scopes_but_not_add() {
    let decision = authorize(&t1(), &client(), with("scope", "read:items write:items")).unwrap();
    let limited = decision.clone().limited_to(["write:items", "delete:items"]);
    assert!(limited.access().scopes().eq(["write:items"]));
    assert_eq!(limited.access().audience(), Some(API));
    assert_eq!(decision.limited_to([]).access().scope(), None);
}

#[test]
fn the_user_can_deny_offline_access() {
    let decision = authorize(&t1(), &client(), good()).unwrap();
    assert!(decision.access().has_offline_access());
    let without = decision.clone().limited_to(["read:items"]);
    assert!(!without.access().has_offline_access());
    let with = decision.limited_to(["read:items", "offline_access"]);
    assert!(with.access().has_offline_access());
    assert!(with.access().scopes().eq(["read:items"]));
}

#[test]
fn host_parameters_come_with_the_decision() {
    let mut pairs = with("prompt", "login consent");
    for (name, value) in [
        ("max_age", "300"),
        ("ext-campaign", "spring"),
        ("foo", "bar"),
    ] {
        pairs.push((name, value.to_owned()));
    }
    let decision = authorize(&t1(), &client(), pairs).unwrap();
    assert_eq!(decision.parameter("prompt"), Some("login consent"));
    assert_eq!(decision.parameter("max_age"), Some("300"));
    assert_eq!(decision.parameter("ext-campaign"), Some("spring"));
    for none in ["foo", "state", "login_hint"] {
        assert_eq!(decision.parameter(none), None, "{none}");
    }
    assert_eq!(decision.approve().parameter("max_age"), Some("300"));
}

#[test]
fn state_and_nonce_are_short_text() {
    let long = "s".repeat(4097);
    for parameter in ["state", "nonce"] {
        for value in ["a\0b", "a\r\nb", "a\u{7f}", &long] {
            let refusal = refused(&t1(), &redirecting(), with(parameter, value));
            assert_eq!(refusal.error(), Error::MalformedValue { parameter });
            let response = refusal.response().unwrap();
            let state = response.parameters().any(|(name, _)| name == "state");
            assert_eq!(state, parameter == "nonce");
        }
        let longest = &long[1..];
        assert!(authorize(&t1(), &client(), with(parameter, longest)).is_ok());
    }
}

#[test]
fn request_that_is_not_utf_8_is_refused() {
    let query = format!("client_id=tpc_A1&redirect_uri={REDIRECT_URI}&state=%FF");
    let request = AuthorizationRequest::from_query(&query);
    let refusal = request.authorize(&t1(), Some(&redirecting())).unwrap_err();
    assert_eq!(
        (refusal.error(), refusal.response()),
        (Error::Unreadable, None)
    );
    assert_eq!(Error::Unreadable.code(), "invalid_request");
}

#[test]
fn errors_of_the_host_follow_the_same_policy() {
    for (error, code) in [
        (Error::LoginRequired, "login_required"),
        (Error::ServerError, "server_error"),
        (Error::TemporarilyUnavailable, "temporarily_unavailable"),
    ] {
        let decision = authorize(&t1(), &client(), good()).unwrap();
        assert_eq!(decision.refuse(error).response(), None);
        let decision = authorize(&t1(), &redirecting(), good()).unwrap();
        let refusal = decision.refuse(error);
        let sent = location(refusal.response().unwrap());
        assert!(
            sent.starts_with(&format!("{REDIRECT_URI}?error={code}&")),
            "{sent}"
        );
    }
}

#[test]
fn a_code_lives_for_ten_minutes_at_most() {
    let decision = authorize(&t1(), &client(), good()).unwrap();
    let now = Timestamp::from_unix_seconds(1_800_000_000);
    let approval = decision.approve();
    let ends = |lifetime| {
        let binding = approval.code_binding(now, lifetime).unwrap();
        binding.expires_at().saturating_since(now)
    };
    assert_eq!(ends(Duration::from_mins(1)), Duration::from_mins(1));
    assert_eq!(ends(Duration::MAX), CodeBinding::MAX_LIFETIME);
}

#[test]
fn debug_shows_neither_state_nor_nonce() {
    let mut pairs = with("state", "canary-7");
    pairs.push(("nonce", "canary-7".to_owned()));
    let request = AuthorizationRequest::from_pairs(pairs.clone());
    let decision = authorize(&t1(), &client(), pairs).unwrap();
    let shown = format!("{request:?} {decision:?}");
    let approval = decision.approve();
    let binding = approval.code_binding(Timestamp::from_unix_millis(0), Duration::ZERO);
    let issued = Issued::code("canary-7").access_token("canary-7", Duration::ZERO);
    let response = approval.response(issued.clone());
    let shown = format!("{shown} {approval:?} {binding:?} {issued:?} {response:?}");
    assert!(!shown.contains("canary"), "{shown}");
}
