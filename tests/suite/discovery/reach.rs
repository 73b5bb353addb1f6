//! The APIs and scopes that a document lists, compared with what clients get of each API.

use std::collections::BTreeSet;

use oauth_dcr::{
    ClientId, TenantSettings,
    access::NewClientAccess,
    settings::{ApiPolicy, ApiSettings, ClientGrant, GrantedScope, Grantee, SubjectType},
};
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

use super::merged;
use crate::{properties::config, support::tenants::t1};

/// Distinct names, of which two differ only by the slash of an empty path.
const NAMES: [&str; 4] = [
    "https://a.example",
    "https://a.example/",
    "https://b.example",
    "urn:c",
];
const SCOPES: [&str; 4] = ["one", "two", "three", "four"];

const USERS: &str = "https://users.example";
const CLIENTS: &str = "https://clients.example";
const NOBODY: &str = "https://nobody.example";

/// One API for users only, one for clients without a user, and one that is closed.
fn by_subject() -> TenantSettings {
    let mut tenant = t1().permissive();
    (tenant.apis, tenant.client_grants) = (Vec::new(), Vec::new());
    for (name, scope) in [(USERS, "u"), (CLIENTS, "c"), (NOBODY, "n")] {
        let mut api = ApiSettings::new(name);
        api.scopes.push(scope.to_owned());
        tenant.apis.push(api);
    }
    for (name, subject_type) in [(USERS, SubjectType::User), (CLIENTS, SubjectType::Client)] {
        let mut grant = ClientGrant::new(Grantee::ThirdPartyClients, name, GrantedScope::All);
        grant.subject_type = subject_type;
        tenant.client_grants.push(grant);
    }
    tenant
}

fn document(grants: &[&str]) -> Value {
    json!({
        "grant_types_supported": grants,
        "response_types_supported": ["code", "token"],
        "protected_resources": [USERS, CLIENTS, NOBODY],
    })
}

#[test]
fn api_is_listed_if_a_grant_reaches_it() {
    let tenant = by_subject();
    let device = "urn:ietf:params:oauth:grant-type:device_code";
    for (grants, resources, scopes) in [
        (&["authorization_code"][..], json!([USERS]), json!(["u"])),
        (&["implicit"], json!([USERS]), json!(["u"])),
        (&[device], json!([USERS]), json!(["u"])),
        (&["client_credentials"], json!([CLIENTS]), json!(["c"])),
        (
            &["client_credentials", device],
            json!([USERS, CLIENTS]),
            json!(["c", "u"]),
        ),
        (
            &["authorization_code", "client_credentials", "refresh_token"],
            json!([USERS, CLIENTS]),
            json!(["c", "offline_access", "u"]),
        ),
    ] {
        let metadata = merged(&tenant, document(grants));
        assert_eq!(metadata["protected_resources"], resources, "{grants:?}");
        assert_eq!(metadata["scopes_supported"], scopes, "{grants:?}");
    }
    // A strict client always needs a user.
    let mut strict = tenant;
    strict.registration.security_mode = oauth_dcr::types::SecurityMode::Strict;
    let grants = ["authorization_code", "client_credentials"];
    let metadata = merged(&strict, document(&grants));
    assert_eq!(metadata["protected_resources"], json!([USERS]));
}

/// Settings in which lists may contradict each other about one API.
fn tenants() -> impl Strategy<Value = TenantSettings> {
    let scopes = || prop::collection::vec(select(&SCOPES[..]), 0..4);
    let policy = select(vec![
        ApiPolicy::AllowAll,
        ApiPolicy::RequireClientGrant,
        ApiPolicy::Deny,
    ]);
    let api = (
        select(&NAMES[..]),
        scopes(),
        policy,
        prop::bool::weighted(0.2),
    );
    let api = api.prop_map(|(name, scopes, policy, system)| {
        let mut api = ApiSettings::new(name);
        api.scopes = scopes.into_iter().map(Into::into).collect();
        (api.policy, api.system) = (policy, system);
        api
    });
    let listed = scopes().prop_map(|scopes| scopes.into_iter().map(Into::into).collect());
    let scope = prop_oneof![
        Just(GrantedScope::All),
        listed.prop_map(GrantedScope::Listed)
    ];
    let grantee = select(vec![
        Grantee::ThirdPartyClients,
        Grantee::ThirdPartyClients,
        Grantee::Client(ClientId::parse("somebody").unwrap()),
    ]);
    let grant = (grantee, select(&NAMES[..]), scope);
    let grant = grant.prop_map(|(grantee, name, scope)| ClientGrant::new(grantee, name, scope));
    let apis = prop::collection::vec(api, 0..6);
    let grants = prop::collection::vec(grant, 0..8);
    (apis, grants, any::<bool>()).prop_map(|(apis, client_grants, permissive)| {
        let mut tenant = t1();
        (tenant.apis, tenant.client_grants) = (apis, client_grants);
        if permissive {
            tenant.permissive()
        } else {
            tenant
        }
    })
}

fn strings(list: &Value) -> BTreeSet<&str> {
    let list = list.as_array().into_iter().flatten();
    list.map(|it| it.as_str().unwrap()).collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn listed_apis_and_scopes_are_the_offered_ones(tenant in tenants()) {
        let mut document = json!({ "grant_types_supported": ["authorization_code"] });
        document["protected_resources"] = json!(NAMES);
        let metadata = merged(&tenant, document);
        let access = NewClientAccess::of(&tenant);
        let reached = |name: &&str| access.scopes(name).is_some();
        let reached: BTreeSet<_> = NAMES.into_iter().filter(reached).collect();
        prop_assert_eq!(strings(&metadata["protected_resources"]), reached);
        let apis = tenant.apis.iter();
        let offered = apis.filter_map(|api| access.scopes(&api.identifier));
        let offered: BTreeSet<_> = offered.flatten().collect();
        prop_assert_eq!(strings(&metadata["scopes_supported"]), offered);
    }
}
