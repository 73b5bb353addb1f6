//! The document compared with the behaviour of the crate: every advertised value is accepted, and
//! every value removed from the host's document is refused.

use std::sync::Arc;

use oauth_dcr::{
    Client, MemoryStore, Registrar, TenantSettings,
    access::{ApiAccess, NewClientAccess},
    authorization::{AuthorizationError, Issued},
    types::{ErrorRedirectPolicy, TokenEndpointAuthMethod, TokenEndpointAuthMethods},
};
use serde_json::{Value, json};

use super::{
    merged,
    trial::{RegisteredClient, Trial, open_tenant, send},
    widest,
};
use crate::support::tenants::API;

/// A tenant, the document of its host, and the merged document.
struct Case {
    trial: Trial,
    document: Value,
    metadata: Value,
}

const METHODS: [TokenEndpointAuthMethod; 3] = [
    TokenEndpointAuthMethod::ClientSecretBasic,
    TokenEndpointAuthMethod::None,
    TokenEndpointAuthMethod::ClientSecretPost,
];

/// Every mode and every choice of methods, with registration on and off.
fn tenants() -> Vec<TenantSettings> {
    let mut tenants = Vec::new();
    for chosen in 1..1 << METHODS.len() {
        let methods = METHODS.into_iter().enumerate();
        let methods = methods.filter(|(at, _)| chosen >> at & 1 == 1);
        let methods: TokenEndpointAuthMethods = methods.map(|(_, method)| method).collect();
        for (enabled, permissive) in [(true, false), (true, true), (false, false), (false, true)] {
            let mut tenant = open_tenant();
            tenant.registration.enabled = enabled;
            tenant.registration.token_endpoint_auth_methods = methods;
            tenants.push(if permissive {
                tenant.permissive()
            } else {
                tenant
            });
        }
    }
    tenants
}

/// Documents of hosts: nothing, every feature, only the code flow, and everything but the code
/// flow's refinements.
fn documents() -> [Value; 4] {
    let code_alone = json!({
        "grant_types_supported": ["authorization_code"],
        "response_types_supported": ["code", "id_token"],
        "response_modes_supported": ["form_post"],
    });
    let tokens = json!({
        "revocation_endpoint": "https://auth.example.com/revoke",
        "grant_types_supported": ["implicit", "authorization_code", "client_credentials"],
        "response_types_supported": ["token id_token", "id_token code", "code"],
        "response_modes_supported": ["fragment", "web_message"],
        "scopes_supported": ["openid", "phone", "read:items", "offline_access", "delete:items"],
    });
    [json!({}), widest(), code_alone, tokens]
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for tenant in tenants() {
        for document in documents() {
            cases.push(Case {
                metadata: merged(&tenant, document.clone()),
                trial: Trial::new(tenant.clone()),
                document,
            });
        }
    }
    assert_eq!(cases.len(), 7 * 4 * 4);
    cases
}

fn strings<'v>(document: &'v Value, member: &str) -> Vec<&'v str> {
    let values = document[member].as_array();
    let values = values.into_iter().flatten();
    values.map(|value| value.as_str().unwrap()).collect()
}

impl Case {
    /// The advertised values.
    fn advertised(&self, member: &str) -> Vec<&str> {
        strings(&self.metadata, member)
    }

    /// The values of the host's document that are no longer advertised.
    fn narrowed(&self, member: &str) -> Vec<&str> {
        let advertised = self.advertised(member);
        let mut values = strings(&self.document, member);
        values.retain(|value| !advertised.contains(value));
        values
    }

    /// An advertised method, with a secret if there is such a method.
    fn method(&self) -> &str {
        let methods = self.advertised("token_endpoint_auth_methods_supported");
        let with_secret = methods.iter().find(|method| **method != "none");
        with_secret.unwrap_or(&methods[0])
    }

    async fn register(
        &self,
        grant_types: &[&str],
        response_types: &[&str],
    ) -> Option<RegisteredClient> {
        let metadata = json!({ "grant_types": grant_types, "response_types": response_types });
        self.trial.register(self.method(), metadata).await
    }

    /// A client that has registered for everything that is advertised.
    async fn for_everything(&self) -> RegisteredClient {
        let grants = self.advertised("grant_types_supported");
        let response_types = self.advertised("response_types_supported");
        self.register(&grants, &response_types).await.unwrap()
    }

    /// Whether a client can register for a grant and then use it.
    async fn grants(&self, grant: &str) -> bool {
        let trial = &self.trial;
        let response_types = match grant {
            "implicit" => &["code", "token"][..],
            _ => &["code"],
        };
        let grants = &["authorization_code", grant];
        let Some(it) = self.register(grants, response_types).await else {
            return false;
        };
        match grant {
            "authorization_code" => trial.redeem(&it, &[]).is_ok(),
            "refresh_token" => trial.refresh(&it).is_ok(),
            "client_credentials" => trial.by_itself(&it, "").is_ok(),
            "implicit" => trial.authorize(&it, &[("response_type", "token")]).is_ok(),
            _ => trial.on_device(&it, "").is_ok(),
        }
    }

    /// Whether a client that has the advertised grants can register for a response type and use it.
    async fn answers(&self, response_type: &str) -> bool {
        let grants = self.advertised("grant_types_supported");
        match self.register(&grants, &[response_type]).await {
            Some(it) => {
                let wanted = [("response_type", response_type)];
                self.trial.authorize(&it, &wanted).is_ok()
            }
            None => false,
        }
    }

    /// Whether a response mode is accepted with one of the advertised response types.
    fn delivers(&self, it: &RegisteredClient, response_mode: &str) -> bool {
        let response_types = self.advertised("response_types_supported");
        response_types.iter().any(|response_type| {
            let wanted = [
                ("response_type", *response_type),
                ("response_mode", response_mode),
            ];
            self.trial.authorize(it, &wanted).is_ok()
        })
    }

    /// Whether a client that requests a scope gets the scope, for a user or for itself.
    fn gives(&self, it: &RegisteredClient, scope: &str) -> bool {
        let has = |access: &ApiAccess| {
            access.scopes().any(|given| given == scope)
                || scope == "offline_access" && access.has_offline_access()
        };
        let for_user = self.trial.authorize(it, &[("scope", scope)]);
        let by_itself = self.trial.by_itself(it, scope);
        for_user.is_ok_and(|decision| has(decision.access()))
            || by_itself.is_ok_and(|decision| has(decision.access()))
    }

    /// Whether an authorization request with this parameter is accepted.
    fn passes(&self, it: &RegisteredClient, parameter: &str, value: &str) -> bool {
        self.trial.authorize(it, &[(parameter, value)]).is_ok()
    }
}

/// How many values were tested: a test of no values proves nothing.
#[derive(Default)]
struct Count {
    accepted: u32,
    refused: u32,
}

impl Count {
    /// Every advertised value of `member` is accepted, and every removed value is refused.
    fn hold(&mut self, case: &Case, member: &str, is_accepted: impl Fn(&str) -> bool) {
        for value in case.advertised(member) {
            assert!(is_accepted(value), "{member}: {value} is refused");
            self.accepted += 1;
        }
        for value in case.narrowed(member) {
            assert!(!is_accepted(value), "{member}: {value} is accepted");
            self.refused += 1;
        }
    }

    fn assert_both(&self) {
        assert!(self.accepted > 0 && self.refused > 0);
    }
}

#[tokio::test]
async fn advertised_authentication_methods_are_usable() {
    let member = "token_endpoint_auth_methods_supported";
    let mut count = Count::default();
    for case in cases() {
        for method in case.advertised(member) {
            let it = case.trial.register(method, json!({})).await.unwrap();
            assert!(case.trial.redeem(&it, &[]).is_ok(), "{method}");
            count.accepted += 1;
        }
        for method in case.narrowed(member) {
            let it = case.trial.register(method, json!({})).await;
            assert!(it.is_none(), "{method}");
            count.refused += 1;
        }
        for method in case.advertised("revocation_endpoint_auth_methods_supported") {
            let it = case.trial.register(method, json!({})).await.unwrap();
            assert!(case.trial.may_revoke(&it), "{method}");
        }
    }
    count.assert_both();
}

#[tokio::test]
async fn advertised_grants_are_usable() {
    let member = "grant_types_supported";
    let mut count = Count::default();
    for case in cases() {
        for grant in case.advertised(member) {
            assert!(case.grants(grant).await, "{grant} is refused");
            count.accepted += 1;
        }
        for grant in case.narrowed(member) {
            assert!(!case.grants(grant).await, "{grant} is accepted");
            count.refused += 1;
        }
        let has_device = case.metadata.get("device_authorization_endpoint").is_some();
        let device = "urn:ietf:params:oauth:grant-type:device_code";
        assert_eq!(has_device, case.advertised(member).contains(&device));
    }
    count.assert_both();
}

#[tokio::test]
async fn advertised_response_types_are_usable() {
    let member = "response_types_supported";
    let mut count = Count::default();
    for case in cases() {
        for response_type in case.advertised(member) {
            assert!(case.answers(response_type).await, "{response_type}");
            count.accepted += 1;
        }
        for response_type in case.narrowed(member) {
            assert!(!case.answers(response_type).await, "{response_type}");
            count.refused += 1;
        }
    }
    count.assert_both();
}

#[tokio::test]
async fn advertised_authorization_values_are_accepted() {
    let mut modes = Count::default();
    let mut challenges = Count::default();
    let mut prompts = Count::default();
    let mut resources = Count::default();
    let mut scopes = Count::default();
    for case in cases() {
        let it = &case.for_everything().await;
        modes.hold(&case, "response_modes_supported", |mode| {
            case.delivers(it, mode)
        });
        challenges.hold(&case, "code_challenge_methods_supported", |method| {
            case.passes(it, "code_challenge_method", method)
        });
        prompts.hold(&case, "prompt_values_supported", |prompt| {
            case.passes(it, "prompt", prompt)
        });
        resources.hold(&case, "protected_resources", |resource| {
            case.passes(it, "resource", resource)
        });
        scopes.hold(&case, "scopes_supported", |scope| case.gives(it, scope));
    }
    for count in [modes, challenges, prompts, resources, scopes] {
        count.assert_both();
    }
}

#[tokio::test]
async fn parameter_is_accepted_exactly_if_advertised() {
    let mut count = Count::default();
    for case in cases() {
        let it = &case.for_everything().await;
        for parameter in ["claims", "request", "request_uri"] {
            let is_supported = &case.metadata[format!("{parameter}_parameter_supported")];
            let passes = case.passes(it, parameter, "{}");
            match is_supported.as_bool() {
                Some(true) => count.accepted += 1,
                Some(false) => count.refused += 1,
                // If the host does not say whether it supports a feature, the value is `false`.
                None => assert_eq!(parameter, "claims"),
            }
            assert_eq!(passes, is_supported.as_bool() != Some(false), "{parameter}");
        }
    }
    count.assert_both();
}

#[tokio::test]
async fn every_response_has_the_advertised_iss() {
    for mut case in cases() {
        // A host that does not know the parameter yet.
        let member = "authorization_response_iss_parameter_supported";
        case.document[member] = json!(false);
        case.metadata = merged(&case.trial.tenant, case.document.clone());
        assert_eq!(case.metadata[member], true);
        let mut it = case.for_everything().await;
        let client = Client::clone(&it.client);
        let redirecting = client.with_error_redirect_policy(ErrorRedirectPolicy::AllowAlways);
        it.client = Arc::new(redirecting);
        let decision = case.trial.authorize(&it, &[]).unwrap();
        let denied = decision.refuse(AuthorizationError::Denied);
        let issued = Issued::code("c-1");
        let approved = decision.approve().response(issued);
        for response in [denied.response().unwrap(), &approved] {
            let iss = response.parameters().find(|(name, _)| *name == "iss");
            assert_eq!(iss.unwrap().1, case.metadata["issuer"]);
        }
    }
}

#[tokio::test]
async fn the_registration_endpoint_follows_its_switch() {
    for tenant in tenants() {
        let metadata = merged(&tenant, widest());
        let method = strings(&metadata, "token_endpoint_auth_methods_supported")[0];
        let registration = json!({
            "redirect_uris": ["https://app.example.com/callback"],
            "token_endpoint_auth_method": method,
        });
        let registrar = Registrar::builder(MemoryStore::new()).tenant(tenant.clone());
        let (status, answer) = send(registrar.build().unwrap(), &registration).await;
        let endpoint = metadata.get("registration_endpoint");
        match endpoint {
            Some(endpoint) => {
                assert_eq!(*endpoint, tenant.registration_endpoint().unwrap());
                assert_eq!(status, 201, "{answer}");
            }
            None => assert_eq!(status, 403, "{answer}"),
        }
        assert_eq!(endpoint.is_some(), tenant.registration.enabled);
    }
}

#[tokio::test]
async fn a_silent_host_lists_all_grantable_scopes() {
    for tenant in tenants() {
        let metadata = merged(&tenant, json!({}));
        let advertised = strings(&metadata, "scopes_supported");
        let trial = Trial::new(tenant);
        let case = Case {
            trial,
            document: json!({}),
            metadata: metadata.clone(),
        };
        let it = &case.for_everything().await;
        for scope in [
            "read:items",
            "write:items",
            "delete:items",
            "offline_access",
        ] {
            assert_eq!(
                case.gives(it, scope),
                advertised.contains(&scope),
                "{scope}"
            );
        }
        let reach = NewClientAccess::of(&case.trial.tenant).scopes(API);
        assert_eq!(reach, Some(vec!["read:items", "write:items"]));
    }
}
