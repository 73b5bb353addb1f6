//! APIs: grants and default permissions, policies, grant limits.

use oauth_dcr::{
    Client, TenantId, TenantSettings,
    access::{AccessError as Error, AccessRequest, NewClientAccess},
    settings::{
        ApiPolicy, ApiSettings, ClientGrant, GrantedScope, Grantee, ScopeWhenNoneRequested,
        SubjectType,
    },
};

use super::support::{
    clients::Stored,
    tenants::{API, t1},
};

fn strict() -> Client {
    Stored::public("tpc_A1").client()
}

fn permissive() -> Client {
    Stored::public("A1").permissive().client()
}

type AllowedScopes = Result<String, Error>;

/// The scopes of the API that `client` is allowed.
fn allowed(tenant: &TenantSettings, client: &Client, scope: &str) -> AllowedScopes {
    let access = AccessRequest::to(API).scope(scope).check(tenant, client)?;
    assert_eq!(access.audience(), Some(API));
    Ok(access.scopes().collect::<Vec<_>>().join(" "))
}

/// The expected result with exactly these scopes.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the result is compared with a fallible one"
)]
fn scopes(text: &str) -> AllowedScopes {
    Ok(text.to_owned())
}

fn grant(client: &Client, scope: GrantedScope) -> ClientGrant {
    ClientGrant::new(Grantee::Client(client.id().clone()), API, scope)
}

fn listed(scopes: &[&str]) -> GrantedScope {
    GrantedScope::Listed(scopes.iter().map(|&scope| scope.into()).collect())
}

#[test]
fn allowed_scope_is_requested_granted_and_known() {
    let tenant = t1();
    let allowed = |scope| allowed(&tenant, &strict(), scope);
    assert_eq!(
        allowed("write:items read:items"),
        scopes("write:items read:items")
    );
    assert_eq!(allowed("read:items read:items"), scopes("read:items"));
    assert_eq!(allowed("read:items delete:items"), scopes("read:items"));
    assert_eq!(allowed("delete:items"), Err(Error::NothingLeft));
    assert_eq!(allowed("read:item"), Err(Error::NothingLeft));
    assert_eq!(allowed(""), scopes(""));
    assert_eq!(allowed("  "), scopes(""));
    assert_eq!(
        allowed(" write:items   read:items "),
        scopes("write:items read:items")
    );
    assert_eq!(
        allowed("write:items\tread:items"),
        Err(Error::MalformedScope)
    );
    let long = format!("read:items{}", " ".repeat(4096));
    assert_eq!(allowed(&long), Err(Error::MalformedScope));
}

#[test]
fn unknown_scope_is_never_granted() {
    let mut tenant = t1();
    tenant.client_grants = vec![ClientGrant::new(
        Grantee::ThirdPartyClients,
        API,
        listed(&["read:items", "admin"]),
    )];
    assert_eq!(
        allowed(&tenant, &strict(), "read:items admin"),
        scopes("read:items")
    );
    assert_eq!(
        allowed(&tenant, &strict(), "admin"),
        Err(Error::NothingLeft)
    );
}

#[test]
fn client_grant_replaces_the_default_grant() {
    let mut tenant = t1();
    tenant
        .client_grants
        .push(grant(&strict(), listed(&["delete:items"])));
    assert_eq!(
        allowed(&tenant, &strict(), "read:items delete:items"),
        scopes("delete:items")
    );
    assert_eq!(
        allowed(&tenant, &strict(), "read:items"),
        Err(Error::NothingLeft)
    );
    let other = Stored::public("tpc_B2").client();
    assert_eq!(
        allowed(&tenant, &other, "read:items delete:items"),
        scopes("read:items")
    );
}

#[test]
fn grant_of_all_scopes_covers_the_apis_scopes() {
    let mut tenant = t1();
    tenant
        .client_grants
        .push(grant(&strict(), GrantedScope::All));
    let all = "read:items write:items delete:items";
    assert_eq!(allowed(&tenant, &strict(), all), scopes(all));
    assert_eq!(
        allowed(&tenant, &strict(), "admin"),
        Err(Error::NothingLeft)
    );
}

#[test]
fn a_strict_client_always_needs_a_grant() {
    let mut tenant = t1();
    tenant.client_grants.clear();
    for policy in [ApiPolicy::AllowAll, ApiPolicy::RequireClientGrant] {
        tenant.apis[0].policy = policy;
        assert_eq!(
            allowed(&tenant, &strict(), "read:items"),
            Err(Error::NoGrant)
        );
    }
    assert_eq!(Error::NoGrant.code(), "unauthorized_client");
}

#[test]
fn closed_apis_are_closed_even_with_a_grant() {
    let mut tenant = t1();
    tenant
        .client_grants
        .push(grant(&strict(), GrantedScope::All));
    tenant.apis[0].policy = ApiPolicy::Deny;
    assert_eq!(
        allowed(&tenant, &strict(), "read:items"),
        Err(Error::Closed)
    );
    assert_eq!(
        allowed(&tenant, &permissive(), "read:items"),
        Err(Error::Closed)
    );
    tenant.apis[0].policy = ApiPolicy::AllowAll;
    tenant.apis[0].system = true;
    assert_eq!(
        allowed(&tenant, &strict(), "read:items"),
        Err(Error::Closed)
    );
    assert_eq!(Error::Closed.code(), "unauthorized_client");
}

#[test]
fn permissive_client_follows_the_apis_policy() {
    let mut tenant = t1();
    assert_eq!(
        allowed(&tenant, &permissive(), "read:items delete:items"),
        scopes("read:items")
    );
    tenant.client_grants.clear();
    assert_eq!(
        allowed(&tenant, &permissive(), "read:items"),
        Err(Error::NoGrant)
    );
    tenant.apis[0].policy = ApiPolicy::AllowAll;
    let some = "read:items delete:items";
    assert_eq!(allowed(&tenant, &permissive(), some), scopes(some));
}

#[test]
fn only_permissive_clients_keep_identity_scopes() {
    let tenant = t1();
    let scope = "openid profile email read:items";
    assert_eq!(allowed(&tenant, &strict(), scope), scopes("read:items"));
    assert_eq!(
        allowed(&tenant, &strict(), "openid offline_access"),
        scopes("")
    );
    assert_eq!(allowed(&tenant, &permissive(), scope), scopes(scope));
    // This holds even if an API lists one of them.
    let mut tenant = t1();
    tenant.apis[0].scopes.push("openid".to_owned());
    tenant
        .client_grants
        .push(grant(&strict(), GrantedScope::All));
    assert_eq!(
        allowed(&tenant, &strict(), "openid read:items"),
        scopes("read:items")
    );
}

#[test]
fn offline_access_needs_the_registered_grant() {
    let tenant = t1();
    let offline = |client: &Client, scope| {
        let access = AccessRequest::to(API)
            .scope(scope)
            .check(&tenant, client)
            .unwrap();
        access.has_offline_access()
    };
    assert!(offline(&strict(), "read:items offline_access"));
    assert!(!offline(&strict(), "read:items"));
    let without = Stored::public("tpc_A1")
        .grant_types(&["authorization_code"])
        .client();
    assert!(!offline(&without, "read:items offline_access"));
    let without = Stored::public("A1")
        .permissive()
        .grant_types(&["authorization_code"])
        .client();
    assert_eq!(
        allowed(&tenant, &without, "offline_access openid"),
        scopes("openid")
    );
}

#[test]
fn no_requested_scope_means_none_or_all() {
    let mut tenant = t1();
    assert_eq!(allowed(&tenant, &strict(), ""), scopes(""));
    tenant.scope_when_none_requested = ScopeWhenNoneRequested::WholeGrant;
    assert_eq!(
        allowed(&tenant, &strict(), ""),
        scopes("read:items write:items")
    );
    assert_eq!(
        allowed(&tenant, &strict(), "offline_access"),
        scopes("read:items write:items")
    );
    assert_eq!(
        allowed(&tenant, &strict(), "write:items"),
        scopes("write:items")
    );
    assert_eq!(
        allowed(&tenant, &strict(), "delete:items"),
        Err(Error::NothingLeft)
    );
}

#[test]
fn audience_resource_or_default_names_the_api() {
    let mut tenant = t1();
    let mut other = ApiSettings::new("https://other.example.com/mcp");
    other.scopes.push("read:items".to_owned());
    tenant.apis.push(other);
    tenant.client_grants.push(ClientGrant::new(
        Grantee::ThirdPartyClients,
        "https://other.example.com/mcp",
        GrantedScope::All,
    ));
    let audience = |tenant: &TenantSettings, audience, resource| {
        let mut request = AccessRequest::default();
        (request.audience, request.resource) = (audience, resource);
        let access = request.check(tenant, &strict())?;
        Ok(access.audience().unwrap().to_owned())
    };
    let api = Ok(API.to_owned());
    let slash = "https://api.example.com/";
    assert_eq!(audience(&tenant, Some(API), None), api);
    assert_eq!(audience(&tenant, None, Some(API)), api);
    assert_eq!(audience(&tenant, Some(API), Some(API)), api);
    // A client that normalizes URLs adds the slash of an empty path, but only to `resource`.
    assert_eq!(audience(&tenant, None, Some(slash)), api);
    assert_eq!(audience(&tenant, Some(API), Some(slash)), api);
    assert_eq!(audience(&tenant, Some(slash), None), Err(Error::UnknownApi));
    let mcp = "https://other.example.com/mcp";
    assert_eq!(audience(&tenant, None, Some(mcp)), Ok(mcp.to_owned()));
    for other in [
        "https://other.example.com/mcp/",
        "https://other.example.com",
        "https://API.example.com",
        "",
    ] {
        assert_eq!(
            audience(&tenant, None, Some(other)),
            Err(Error::UnknownApi),
            "{other}"
        );
    }
    assert_eq!(
        audience(&tenant, Some(API), Some(mcp)),
        Err(Error::ApisDiffer)
    );
    assert_eq!(audience(&tenant, None, None), Err(Error::ApiRequired));
    tenant.default_audience = Some(mcp.to_owned());
    assert_eq!(audience(&tenant, None, None), Ok(mcp.to_owned()));
    assert_eq!(audience(&tenant, Some(API), None), api);
    tenant.default_audience = Some("https://gone.example".to_owned());
    assert_eq!(audience(&tenant, None, None), Err(Error::UnknownApi));
}

#[test]
fn scope_syntax_and_length_follow_the_profile() {
    let tenant = t1();
    for malformed in [
        "a\tb",
        "read:items\n",
        "\"read:items\"",
        "\u{e9}",
        &"a".repeat(4097),
    ] {
        assert_eq!(
            allowed(&tenant, &strict(), malformed),
            Err(Error::MalformedScope)
        );
    }
    // Stray spaces are ignored.
    assert_eq!(
        allowed(&tenant, &strict(), "  read:items  "),
        scopes("read:items")
    );
    let long = format!("read:items {}", "a".repeat(4085));
    assert_eq!(allowed(&tenant, &strict(), &long), scopes("read:items"));
}

#[test]
fn blocked_and_foreign_clients_get_no_access() {
    let mut other = t1();
    other.id = TenantId::parse("t2").unwrap();
    let refused = Err(Error::NotForClient);
    assert_eq!(allowed(&other, &strict(), "read:items"), refused);
    assert_eq!(
        allowed(&t1(), &strict().with_blocked(true), "read:items"),
        refused
    );
    assert_eq!(Error::NotForClient.code(), "unauthorized_client");
}

#[test]
fn strict_client_gets_no_access_without_a_user() {
    let mut tenant = t1();
    let mut own = grant(&strict(), GrantedScope::All);
    own.subject_type = SubjectType::Client;
    tenant.client_grants.push(own);
    let request = AccessRequest::to(API).by_the_client_itself();
    assert_eq!(request.check(&tenant, &strict()), Err(Error::Closed));
}

#[test]
fn contradicting_entries_are_both_ignored() {
    let mut doubled = t1();
    let mut closed = doubled.apis[0].clone();
    closed.policy = ApiPolicy::Deny;
    doubled.apis.push(closed);
    assert_eq!(
        allowed(&doubled, &strict(), "read:items"),
        Err(Error::UnknownApi)
    );
    let mut doubled = t1();
    let all = ClientGrant::new(Grantee::ThirdPartyClients, API, GrantedScope::All);
    doubled.client_grants.push(all);
    assert_eq!(
        allowed(&doubled, &strict(), "read:items"),
        Err(Error::NoGrant)
    );
    // The default entry does not replace two contradicting entries of the client.
    let mut doubled = t1();
    doubled.client_grants.push(grant(&strict(), listed(&[])));
    doubled
        .client_grants
        .push(grant(&strict(), GrantedScope::All));
    assert_eq!(
        allowed(&doubled, &strict(), "read:items"),
        Err(Error::NoGrant)
    );
}

#[test]
fn an_exact_api_name_wins_over_the_slash() {
    let mut tenant = t1();
    let slash = "https://api.example.com/";
    tenant.apis.push(ApiSettings::new(slash));
    let default = ClientGrant::new(Grantee::ThirdPartyClients, slash, GrantedScope::All);
    tenant.client_grants.push(default);
    let audience = |request: AccessRequest<'_>| {
        let access = request.check(&tenant, &strict())?;
        Ok(access.audience().unwrap().to_owned())
    };
    assert_eq!(
        audience(AccessRequest::to_resource(slash)),
        Ok(slash.to_owned())
    );
    assert_eq!(
        audience(AccessRequest::to_resource(API)),
        Ok(API.to_owned())
    );
    let mut both = AccessRequest::to(API);
    both.resource = Some(slash);
    assert_eq!(audience(both), Err(Error::ApisDiffer));
}

#[test]
fn identity_scopes_do_not_replace_a_refused_scope() {
    let tenant = t1();
    let refused = allowed(&tenant, &permissive(), "openid delete:items");
    assert_eq!(refused, Err(Error::NothingLeft));
}

#[test]
fn offered_scopes_fit_the_mode_of_new_clients() {
    let mut tenant = t1();
    let mut open = ApiSettings::new("https://open.example.com");
    open.scopes = vec!["o1".to_owned()];
    open.policy = ApiPolicy::AllowAll;
    let mut system = open.clone();
    system.identifier = "https://system.example.com".to_owned();
    system.system = true;
    let mut closed = open.clone();
    closed.identifier = "https://closed.example.com".to_owned();
    closed.policy = ApiPolicy::Deny;
    tenant.apis.extend([open, system, closed]);
    let of_api = Some(vec!["read:items", "write:items"]);
    let permissive = tenant.clone().permissive();
    let (strict, permissive) = (
        NewClientAccess::of(&tenant),
        NewClientAccess::of(&permissive),
    );
    for access in [&strict, &permissive] {
        assert_eq!(access.scopes(API), of_api);
        // As in `resource`, the slash of an empty path makes no difference.
        assert_eq!(access.scopes(&format!("{API}/")), of_api);
        assert_eq!(access.scopes("https://closed.example.com"), None);
        assert_eq!(access.scopes("https://nowhere.example.com"), None);
    }
    for api in ["https://open.example.com", "https://system.example.com"] {
        assert_eq!(strict.scopes(api), None);
        assert_eq!(permissive.scopes(api), Some(vec!["o1"]));
    }
}
