//! Every authorization, token and PKCE attack of the corpus, through the library's calls.

use std::time::Duration;

use oauth_dcr::{
    Client, TenantId, TenantSettings, Timestamp,
    authorization::{AuthorizationRequest, AuthorizationResponse, CodeBinding, Delivery, Issued},
    settings::{
        ApiSettings, ClientGrant, Connection, GrantedScope, Grantee, Issuer, UnknownParameters,
    },
    token::{
        Lookup, RefreshBinding, RefreshFamily, RefreshTokenAction, TokenDecision, TokenGrant,
        TokenRefusal, TokenRequest,
    },
};
use serde_json::{Value, json};
use url::Url;

use super::{corpus::cases::lines, support::clients::Stored};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
const CODE_LIFETIME: Duration = Duration::from_mins(1);

/// The case has an unknown parameter.
const HAS_UNKNOWN: &str = "AUZ-035";

/// The first caller gets the token: the check succeeds for every caller, and the store admits one.
const FOR_THE_STORE: [&str; 1] = ["TOK-018"];

fn cases(areas: &[&str]) -> Vec<Value> {
    let all = lines("attacks.jsonl");
    all.into_iter()
        .filter(|case| areas.contains(&case["area"].as_str().unwrap()))
        .collect()
}

fn id(case: &Value) -> &str {
    case["id"].as_str().unwrap()
}

fn strings(value: &Value) -> Vec<String> {
    let list = value.as_array().into_iter().flatten();
    list.map(|it| it.as_str().unwrap().to_owned()).collect()
}

fn pairs(value: &Value) -> Vec<(String, String)> {
    let pair = |it: &Value| -> (String, String) {
        let [name, value] = strings(it).try_into().unwrap();
        (name, value)
    };
    value.as_array().unwrap().iter().map(pair).collect()
}

/// The tenant of a case. A token case only names its tenant: then it is the tenant that issued the
/// codes.
fn tenant(setup: &Value) -> TenantSettings {
    if setup.is_string() {
        return tenant(&json!({
            "default_permissions": [{
                "audience": "https://api.example.com",
                "scope": ["read:items", "write:items"],
            }],
            "domain_connections": ["google-domain"],
        }));
    }
    let mut tenant = TenantSettings::with_id(TenantId::parse("t1").unwrap());
    tenant.issuer = Some(Issuer::parse("https://t1.example").unwrap());
    for permission in objects(&setup["default_permissions"]) {
        let audience = permission["audience"].as_str().unwrap();
        let scopes = strings(&permission["scope"]);
        let api = api(&mut tenant, audience);
        api.scopes.clone_from(&scopes);
        api.scopes.push("delete:items".to_owned());
        let scope = GrantedScope::Listed(scopes);
        let grant = ClientGrant::new(Grantee::ThirdPartyClients, audience, scope);
        tenant.client_grants.push(grant);
    }
    for described in objects(&setup["apis"]) {
        let api = api(&mut tenant, described["audience"].as_str().unwrap());
        api.scopes.extend(strings(&described["scopes"]));
        if !described["access_policy"].is_null() {
            api.policy = serde_json::from_value(described["access_policy"].clone()).unwrap();
        }
    }
    for identifier in strings(&setup["system_apis"]) {
        api(&mut tenant, &identifier).system = true;
    }
    for (list, is_domain_connection) in [("domain_connections", true), ("other_connections", false)]
    {
        let connections = strings(&setup[list]).into_iter().map(|name| {
            let mut connection = Connection::new(name);
            connection.is_domain_connection = is_domain_connection;
            connection
        });
        tenant.connections.extend(connections);
    }
    tenant
}

fn objects(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// The API with this identifier; it is added if it is missing.
fn api<'t>(tenant: &'t mut TenantSettings, identifier: &str) -> &'t mut ApiSettings {
    let known = tenant
        .apis
        .iter()
        .position(|it| it.identifier == identifier);
    let at = known.unwrap_or_else(|| {
        tenant.apis.push(ApiSettings::new(identifier));
        tenant.apis.len() - 1
    });
    &mut tenant.apis[at]
}

fn client(described: &Value) -> Client {
    let id = described["client_id"].as_str().unwrap();
    let method = described["token_endpoint_auth_method"].as_str().unwrap();
    let stored = match described["client_secret"].as_str() {
        Some(secret) => Stored::confidential(id, method, secret),
        None => Stored::public(id),
    };
    let uris = strings(&described["redirect_uris"]);
    let uris: Vec<&str> = uris.iter().map(String::as_str).collect();
    let grants = strings(&described["grant_types"]);
    let grants: Vec<&str> = grants.iter().map(String::as_str).collect();
    stored.redirect_uris(&uris).grant_types(&grants).client()
}

/// Whether `code` is one of the errors that a case accepts.
fn is_right_error(case: &Value, code: &str) -> bool {
    let expected = &case["expect"];
    expected["error"] == code || strings(&expected["error_any"]).contains(&code.to_owned())
}

fn is_accepted(case: &Value) -> bool {
    case["expect"]["outcome"] == "accept"
}

#[test]
fn every_authorization_case_has_the_right_outcome() {
    let mut wrong = Vec::new();
    let mut judged = 0;
    let cases = cases(&["authorize", "pkce"]);
    for case in cases
        .iter()
        .filter(|case| !case["input"]["request"]["params"].is_null())
    {
        judged += 1;
        wrong.extend(judge_authorization(case, UnknownParameters::Ignore));
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(judged >= 49, "only {judged} cases were judged");
}

#[test]
fn tenant_can_refuse_unknown_parameters() {
    for case in cases(&["authorize"]).iter().filter(|it| is_accepted(it)) {
        let problem = judge_authorization(case, UnknownParameters::Reject);
        assert_eq!(problem.is_some(), id(case) == HAS_UNKNOWN, "{problem:?}");
    }
}

fn judge_authorization(case: &Value, unknown: UnknownParameters) -> Option<String> {
    let setup = &case["input"]["setup"];
    let mut tenant = tenant(&setup["tenant"]);
    tenant.unknown_authorize_parameters = unknown;
    let client = client(&setup["client"]);
    let params = pairs(&case["input"]["request"]["params"]);
    let request = AuthorizationRequest::from_pairs(params.clone());
    let found = request.client_id();
    let found = found
        .is_some_and(|it| it == *client.id())
        .then_some(&client);
    let problem = match request.authorize(&tenant, found) {
        Ok(decision) => {
            let requested = params.iter().find(|(name, _)| name == "redirect_uri");
            let exact = requested.is_none_or(|(_, uri)| uri == decision.redirect_uri().as_str());
            let within = decision
                .access()
                .scopes()
                .all(|scope| scope == "read:items");
            let consent = decision.consent(&client).unwrap();
            let response = decision.clone().approve().response(Issued::code("c"));
            let right = exact
                && within
                && !consent.is_verified
                && has_query(&response, &case["expect"]["query"]);
            (!right || !is_accepted(case)).then(|| format!("{decision:?} {response:?}"))
        }
        Err(refusal) => {
            let code = refusal.error().code();
            let right = !is_accepted(case) && is_right_error(case, code);
            // An error page, without a redirect.
            (!right || refusal.response().is_some()).then(|| format!("{refusal:?}"))
        }
    };
    problem.map(|it| format!("{}: {it}", id(case)))
}

/// Whether the redirect's query has these parameters: by name, with their number or their values.
fn has_query(response: &AuthorizationResponse, expected: &Value) -> bool {
    let Delivery::Redirect(location) = response.delivery() else {
        return expected.is_null();
    };
    let location = Url::parse(&location).unwrap();
    let values_of = |name: &str| -> Vec<String> {
        let named = location.query_pairs().filter(|(own, _)| own == name);
        named.map(|(_, value)| value.into_owned()).collect()
    };
    let mut expected = expected.as_object().into_iter().flatten();
    expected.all(|(name, expected)| match expected.as_u64() {
        Some(count) => values_of(name).len() as u64 == count,
        None => values_of(name) == strings(expected),
    })
}

/// The binding of the code of a case.
fn code(case: &Value, tenant: &TenantSettings) -> CodeBinding {
    let code = &case["input"]["setup"]["code"];
    let issued_to = code["issued_to"].as_str().unwrap();
    let uri = code["redirect_uri"].as_str().unwrap();
    let stored = Stored::public(issued_to).redirect_uris(&[uri]);
    let mut params = vec![
        ("response_type", "code"),
        ("client_id", issued_to),
        ("redirect_uri", uri),
        ("audience", code["audience"].as_str().unwrap()),
    ];
    let scope = format!("{} offline_access", code["scope"].as_str().unwrap());
    params.push(("scope", &scope));
    // A row without a challenge. Only a permissive client with this id could have left it.
    let owner = match code["code_challenge"].as_str() {
        Some(challenge) => {
            params.push(("code_challenge", challenge));
            params.push(("code_challenge_method", "S256"));
            stored.client()
        }
        None => stored.permissive().client(),
    };
    let request = AuthorizationRequest::from_pairs(params);
    let decision = request.authorize(tenant, Some(&owner)).unwrap();
    let age = Duration::from_secs(code["age_seconds"].as_u64().unwrap());
    let issued = NOW.unix_millis() - u64::try_from(age.as_millis()).unwrap();
    let approval = decision.approve();
    let binding = approval.code_binding(Timestamp::from_unix_millis(issued), CODE_LIFETIME);
    binding.unwrap()
}

/// The binding of a refresh token of the client `owner`.
fn refresh_token(
    case: &Value,
    tenant: &TenantSettings,
    owner: &str,
    lifetime: Duration,
) -> (RefreshBinding, RefreshFamily) {
    let stored = Stored::public(owner);
    let owner = stored.client();
    let mut first = case.clone();
    first["input"]["setup"]["code"] = json!({
        "issued_to": owner.id(), "redirect_uri": "https://app.example.com/callback",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "scope": "read:items", "audience": "https://api.example.com",
        "age_seconds": 1, "used": false,
    });
    let kept = code(&first, tenant);
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", owner.id().as_str()),
        ("code", "c"),
        ("redirect_uri", "https://app.example.com/callback"),
        (
            "code_verifier",
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        ),
    ];
    let request = TokenRequest::from_pairs(form, None);
    let TokenGrant::AuthorizationCode(exchange) =
        request.authenticate(tenant, Some(&owner), NOW).unwrap()
    else {
        panic!("another grant");
    };
    let decision = exchange.check(Lookup::Active(&kept)).unwrap();
    let binding = decision.refresh_binding(NOW, lifetime).unwrap();
    (binding, decision.refresh_family().unwrap())
}

fn found<B>(kept: Option<&B>, is_used: bool) -> Lookup<'_, B> {
    match kept {
        None => Lookup::NotFound,
        Some(kept) if is_used => Lookup::Consumed(kept),
        Some(kept) => Lookup::Active(kept),
    }
}

/// What happens to the refresh token at an exchange, and to a public client's token at each
/// refresh.
fn rule(client: &Client, is_refresh: bool) -> RefreshTokenAction {
    if is_refresh && !client.is_public() {
        RefreshTokenAction::Keep
    } else {
        RefreshTokenAction::Issue
    }
}

/// The answer of the token endpoint of a careful host.
fn exchange(
    case: &Value,
    tenant: &TenantSettings,
    client: &Client,
) -> Result<TokenDecision, TokenRefusal> {
    let request = &case["input"]["request"];
    let mut form = pairs(&request["form"]);
    for (_, value) in &mut form {
        if value == "$STORED_HASH" {
            *value = client.secret_digest().unwrap().to_tagged();
        }
    }
    let header = request["headers"]["authorization"].as_str();
    let request = TokenRequest::from_pairs(form, header.map(str::as_bytes));
    let named = request.client_id();
    let client_found = named.is_some_and(|it| it == *client.id()).then_some(client);
    match request.authenticate(tenant, client_found, NOW)? {
        TokenGrant::AuthorizationCode(exchange) => {
            let kept = (exchange.code() == "$CODE").then(|| code(case, tenant));
            let is_used = case["input"]["setup"]["code"]["used"] == true;
            exchange.check(found(kept.as_ref(), is_used))
        }
        TokenGrant::RefreshToken(exchange) => {
            let token = exchange.refresh_token();
            let owner = match token.strip_prefix("$RT_OF_") {
                Some(owner) => Some(owner),
                None if token.starts_with("$RT") => Some(client.id().as_str()),
                None => None,
            };
            let lifetime = match token {
                "$RT_EXPIRED" => Duration::ZERO,
                _ => Duration::from_hours(1),
            };
            let kept = owner.map(|owner| refresh_token(case, tenant, owner, lifetime));
            let mut found = kept.as_ref().map(|(binding, family)| (binding, *family));
            if token == "$RT_ALREADY_ROTATED" {
                let rotated = exchange.check(found)?.refresh_family().unwrap();
                found = found.map(|(binding, _)| (binding, rotated));
            }
            exchange.check(found)
        }
        grant => panic!("no strict client has {grant:?}"),
    }
}

#[test]
fn every_token_case_has_the_right_outcome() {
    let mut wrong = Vec::new();
    let mut judged = 0;
    let cases = cases(&["token", "pkce"]);
    for case in cases
        .iter()
        .filter(|case| !case["input"]["request"]["form"].is_null())
    {
        judged += 1;
        wrong.extend(judge_exchange(case));
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(judged >= 38, "only {judged} cases were judged");
}

fn judge_exchange(case: &Value) -> Option<String> {
    let setup = &case["input"]["setup"];
    let tenant = tenant(&setup["tenant"]);
    let client = client(&setup["client"]);
    let problem = match exchange(case, &tenant, &client) {
        Ok(decision) => {
            let code = &setup["code"];
            let form = pairs(&case["input"]["request"]["form"]);
            let is_refresh = form.iter().any(|(_, value)| value == "refresh_token");
            let given = decision.access();
            let code_scope = code["scope"].as_str().unwrap();
            let right = (is_accepted(case) || FOR_THE_STORE.contains(&id(case)))
                && given.scopes().eq(code_scope.split(' '))
                && decision.scope() == format!("{code_scope} offline_access")
                && given.audience() == code["audience"].as_str()
                && decision.refresh_token() == rule(&client, is_refresh);
            (!right).then(|| format!("{decision:?}"))
        }
        Err(refusal) => {
            let response = refusal.to_response();
            let status = response.status().as_u16();
            let expected = &case["expect"];
            let any = expected["status_any"].as_array();
            let right_status = expected["status"] == status
                || any.is_some_and(|any| any.iter().any(|it| *it == status));
            let right = !is_accepted(case)
                && right_status
                && is_right_error(case, refusal.error().code())
                && response.headers()["cache-control"] == "no-store";
            (!right).then(|| format!("{status} {refusal:?}"))
        }
    };
    problem.map(|it| format!("{}: {it}", id(case)))
}
