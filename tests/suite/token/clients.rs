//! The client is authenticated only by the method that it registered.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use oauth_dcr::{
    authorization::AuthorizationError, token::RevocationRequest, types::TokenEndpointAuthMethod,
};

use super::*;

fn basic(credentials: &str) -> String {
    format!("Basic {}", STANDARD.encode(credentials))
}

fn authenticate(
    client: Option<&Client>,
    form: Form,
    header: Option<&str>,
) -> Result<(), TokenRefusal> {
    let request = TokenRequest::from_pairs(form, header.map(str::as_bytes));
    request.authenticate(&t1(), client, NOW).map(drop)
}

fn fault(client: Option<&Client>, form: Form, header: Option<&str>) -> ClientAuthenticationError {
    match error(authenticate(client, form, header)) {
        Error::InvalidClient(fault) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_method_works_only_if_registered() {
    let post = confidential();
    let by_header = Stored::confidential("tpc_A1", "client_secret_basic", "s3cret").client();
    let secret = || with(code_form(), "client_secret", "s3cret");
    let header = basic("tpc_A1:s3cret");
    assert_eq!(authenticate(Some(&public()), code_form(), None), Ok(()));
    assert_eq!(authenticate(Some(&post), secret(), None), Ok(()));
    let bare = without(code_form(), "client_id");
    assert_eq!(
        authenticate(Some(&by_header), bare.clone(), Some(&header)),
        Ok(())
    );
    assert_eq!(
        authenticate(Some(&by_header), code_form(), Some(&header)),
        Ok(())
    );
    let encoded = basic("tpc%5FA1:s3cret");
    assert_eq!(authenticate(Some(&by_header), bare, Some(&encoded)), Ok(()));

    let wrong = ClientAuthenticationError::WrongMethod;
    assert_eq!(fault(Some(&public()), secret(), None), wrong);
    assert_eq!(fault(Some(&public()), code_form(), Some(&header)), wrong);
    assert_eq!(fault(Some(&post), code_form(), None), wrong);
    assert_eq!(fault(Some(&post), code_form(), Some(&header)), wrong);
    assert_eq!(fault(Some(&post), secret(), Some(&header)), wrong);
    assert_eq!(fault(Some(&by_header), secret(), None), wrong);
    assert_eq!(fault(Some(&by_header), code_form(), None), wrong);
    let assertion = with(secret(), "client_assertion", "e30.e30.");
    assert_eq!(fault(Some(&post), assertion, None), wrong);
}

#[test]
fn every_wrong_secret_is_refused_alike() {
    let digest = confidential().secret_digest().unwrap().to_tagged();
    for secret in [
        "S3cret",
        "s3cret ",
        "s3cre",
        &digest,
        &"s".repeat(10_000),
        "\u{e9}",
    ] {
        let form = with(code_form(), "client_secret", secret);
        assert_eq!(
            fault(Some(&confidential()), form, None),
            ClientAuthenticationError::WrongSecret
        );
    }
    // A parameter without a value counts as absent.
    let empty = with(code_form(), "client_secret", "");
    assert_eq!(
        fault(Some(&confidential()), empty, None),
        ClientAuthenticationError::WrongMethod
    );
}

#[test]
fn header_and_form_may_not_name_different_clients() {
    let client = Stored::confidential("tpc_A1", "client_secret_basic", "s3cret").client();
    let unusable = ClientAuthenticationError::UnusableHeader;
    let other = with(code_form(), "client_id", "tpc_B2");
    assert_eq!(
        fault(Some(&client), other, Some(&basic("tpc_A1:s3cret"))),
        unusable
    );
    for header in ["", "Basic", "Bearer abc", "Basic %%%", &basic("tpc_A1")] {
        assert_eq!(
            fault(Some(&client), code_form(), Some(header)),
            unusable,
            "{header}"
        );
        // An unreadable header does not count as absent.
        assert_eq!(
            fault(Some(&public()), code_form(), Some(header)),
            unusable,
            "{header}"
        );
    }
}

#[test]
fn request_without_a_client_is_refused() {
    let nobody = without(code_form(), "client_id");
    assert_eq!(
        fault(None, nobody.clone(), None),
        ClientAuthenticationError::NoClient
    );
    assert_eq!(TokenRequest::from_pairs(nobody, None).client_id(), None);
    // This holds even if the host passes a client nevertheless.
    let other = with(code_form(), "client_id", "tpc_B2");
    assert_eq!(
        fault(Some(&public()), other, None),
        ClientAuthenticationError::UnknownClient
    );
}

/// Status, headers and body.
fn answer(refusal: &TokenRefusal) -> String {
    let (head, body) = refusal.to_response().into_parts();
    format!("{} {:?} {:?}", head.status, head.headers, body)
}

const FAILED: &str = "client authentication failed: authenticate with the method that the \
                      client registered; supported methods: none, client_secret_post; if the registration is gone, \
                      register again";

#[test]
fn failed_authentication_lists_the_tenants_methods() {
    let mut tenant = t1();
    let refusal = |tenant: &TenantSettings| {
        let request = TokenRequest::from_pairs(code_form(), None);
        request.authenticate(tenant, None, NOW).unwrap_err()
    };
    assert_eq!(refusal(&tenant).to_string(), FAILED);
    let gone = TokenRefusal::unknown_client(&tenant, None);
    assert_eq!(answer(&gone), answer(&refusal(&tenant)));
    let revocation = RevocationRequest::from_form("token=t&client_id=tpc_A1", None);
    let revocation = revocation.authenticate(&tenant, None, NOW).unwrap_err();
    assert_eq!(answer(&revocation), answer(&gone));

    tenant.registration.token_endpoint_auth_methods = [TokenEndpointAuthMethod::ClientSecretBasic]
        .into_iter()
        .collect();
    let description = refusal(&tenant).to_string();
    assert!(
        description.contains("methods: client_secret_basic;"),
        "{description}"
    );
    let gone = TokenRefusal::unknown_client(&tenant, Some(b"Basic eA=="));
    assert_eq!(gone.to_string(), description);
    assert!(gone.used_authorization_header());
}

#[test]
fn unknown_blocked_and_wrong_clients_look_alike() {
    let secret = || with(code_form(), "client_secret", "guess");
    let right = with(code_form(), "client_secret", "s3cret");
    let by_header = Stored::confidential("tpc_A1", "client_secret_basic", "s3cret").client();
    let header = basic("tpc_A1:guess");
    let refusals = [
        authenticate(None, secret(), None),
        authenticate(Some(&confidential()), secret(), None),
        authenticate(
            Some(&confidential().with_blocked(true)),
            right.clone(),
            None,
        ),
        authenticate(Some(&confidential().with_blocked(true)), secret(), None),
        authenticate(Some(&public()), secret(), None),
        authenticate(Some(&public().with_blocked(true)), code_form(), None),
        authenticate(None, code_form(), None),
        authenticate(None, without(code_form(), "client_id"), None),
    ];
    let answers = refusals.map(|refusal| answer(&refusal.unwrap_err()));
    assert!(answers.iter().all(|it| *it == answers[0]), "{answers:#?}");
    assert!(answers[0].contains(FAILED), "{}", answers[0]);
    assert!(answers[0].starts_with("401") && answers[0].contains("no-store"));
    assert!(!answers[0].contains("www-authenticate"));

    let refusals = [
        authenticate(None, code_form(), Some(&header)),
        authenticate(Some(&by_header), code_form(), Some(&header)),
        authenticate(
            Some(&by_header.clone().with_blocked(true)),
            code_form(),
            Some(&header),
        ),
        authenticate(Some(&by_header), code_form(), Some("Bearer abc")),
    ];
    let answers = refusals.map(|refusal| answer(&refusal.unwrap_err()));
    assert!(answers.iter().all(|it| *it == answers[0]), "{answers:#?}");
    assert!(
        answers[0].contains(r#""www-authenticate": "Basic realm="#),
        "{}",
        answers[0]
    );
    // After the client is unblocked, it can authenticate again.
    let back = confidential().with_blocked(true).with_blocked(false);
    assert_eq!(authenticate(Some(&back), right, None), Ok(()));
}

#[test]
fn grants_are_those_that_the_client_registered() {
    let unsupported = Error::UnsupportedGrantType;
    for grant in [
        "client_credentials",
        "password",
        "implicit",
        "urn:example:other",
        "CODE",
        "urn:ietf:params:oauth:grant-type:device_code",
    ] {
        let refused = error(authenticate(
            Some(&public()),
            with(code_form(), "grant_type", grant),
            None,
        ));
        assert_eq!(refused, unsupported, "{grant}");
    }
    assert_eq!(unsupported.code(), "unsupported_grant_type");
    let no_refresh = Stored::public("tpc_A1")
        .grant_types(&["authorization_code"])
        .client();
    let refused = error(authenticate(Some(&no_refresh), refresh_form(), None));
    assert_eq!(refused, Error::GrantNotRegistered);
    assert_eq!(refused.code(), "unauthorized_client");
    let permissive = Stored::public("tpc_A1").permissive().client();
    for grant in [
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:device_code",
    ] {
        let form = with(code_form(), "grant_type", grant);
        assert_eq!(
            error(authenticate(Some(&permissive), form, None)),
            Error::GrantNotRegistered
        );
    }
    let password = with(code_form(), "grant_type", "password");
    assert_eq!(
        error(authenticate(Some(&permissive), password, None)),
        unsupported
    );
    let implicit = Stored::public("tpc_A1").permissive();
    let implicit = implicit
        .grant_types(&["authorization_code", "implicit"])
        .client();
    let form = with(code_form(), "grant_type", "implicit");
    assert_eq!(
        error(authenticate(Some(&implicit), form, None)),
        unsupported
    );
}

#[test]
fn a_host_may_offer_fewer_grants() {
    let (tenant, client) = (t1(), public());
    let request = TokenRequest::from_pairs(refresh_form(), None);
    let grant = request.authenticate(&tenant, Some(&client), NOW).unwrap();
    let refusal = grant.not_offered();
    assert_eq!(refusal.error(), Error::UnsupportedGrantType);
    assert_eq!(refusal.to_response().status(), 400);
}

#[test]
fn an_unknown_or_empty_parameter_may_be_repeated() {
    for name in ["foo", "state", "nonce", "response_type", "token", "ext-a"] {
        let mut form = with(code_form(), name, "x");
        form.push((name, "y".to_owned()));
        assert_eq!(authenticate(Some(&public()), form, None), Ok(()), "{name}");
    }
    for name in [
        "code",
        "client_id",
        "scope",
        "client_secret",
        "client_assertion",
    ] {
        let mut form = code_form();
        form.extend([(name, String::new()), (name, String::new())]);
        assert_eq!(authenticate(Some(&public()), form, None), Ok(()), "{name}");
    }
}

#[test]
fn missing_or_duplicate_parameters_are_invalid() {
    let twice = |name: &'static str| {
        let mut form = with(code_form(), name, "x");
        form.push((name, "x".to_owned()));
        error(authenticate(Some(&public()), form, None))
    };
    for parameter in [
        "audience",
        "client_assertion",
        "client_assertion_type",
        "client_id",
        "client_secret",
        "code",
        "code_verifier",
        "device_code",
        "grant_type",
        "redirect_uri",
        "refresh_token",
        "scope",
    ] {
        assert_eq!(twice(parameter), Error::Repeated { parameter });
        assert_eq!(twice(parameter).code(), "invalid_request");
    }
    for (form, parameter) in [
        (without(code_form(), "grant_type"), "grant_type"),
        (with(code_form(), "grant_type", ""), "grant_type"),
        (without(code_form(), "code"), "code"),
        (without(refresh_form(), "refresh_token"), "refresh_token"),
    ] {
        let missing = error(authenticate(Some(&public()), form, None));
        assert_eq!(missing, Error::Missing { parameter });
        assert_eq!(missing.code(), "invalid_request");
    }
    let large = with(code_form(), "code", &"c".repeat(TokenRequest::MAX_BYTES));
    assert_eq!(
        error(authenticate(Some(&public()), large, None)),
        Error::TooLarge
    );
}

#[test]
fn form_and_its_pairs_decide_the_same() {
    let encoded = format!(
        "grant_type=authorization_code&client_id=tpc%5FA1&code=a-code\
         &redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback&code_verifier={VERIFIER}"
    );
    let request = TokenRequest::from_form(&encoded, None);
    assert_eq!(request.client_id().unwrap().as_str(), "tpc_A1");
    let (tenant, client) = (t1(), public());
    let TokenGrant::AuthorizationCode(exchange) =
        request.authenticate(&tenant, Some(&client), NOW).unwrap()
    else {
        panic!("another grant");
    };
    assert_eq!(exchange.code(), "a-code");
    let binding = bound_to(&client, &[]);
    assert!(exchange.check(Lookup::Active(&binding)).is_ok());
}

#[test]
fn debug_shows_no_secret() {
    let mut form = code_form();
    for (name, value) in &mut form {
        if !matches!(*name, "grant_type" | "client_id") {
            "canary-7".clone_into(value);
        }
    }
    let form = with(form, "client_secret", "canary-7");
    let client = Stored::confidential("tpc_A1", "client_secret_post", "canary-7").client();
    let header = basic("tpc_A1:canary-7");
    let shown = format!(
        "{:?}",
        TokenRequest::from_pairs(form.clone(), Some(header.as_bytes()))
    );
    assert!(!shown.contains("canary"), "{shown}");
    let tenant = t1();
    let grant = TokenRequest::from_pairs(form, None)
        .authenticate(&tenant, Some(&client), NOW)
        .unwrap();
    let shown = format!("{grant:?} {:?}", grant.client());
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn both_endpoints_describe_a_fault_alike() {
    let parameter = "scope";
    for (at_token, at_authorization) in [
        (Error::TooLarge, AuthorizationError::TooLarge),
        (Error::Unreadable, AuthorizationError::Unreadable),
        (
            Error::Repeated { parameter },
            AuthorizationError::Repeated { parameter },
        ),
    ] {
        assert_eq!(at_token.to_string(), at_authorization.to_string());
    }
}
