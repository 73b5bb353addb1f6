//! A tenant at which clients register, to test its document.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::Request;
use oauth_dcr::{
    Client, MemoryStore, Registrar, RegistrationEndpoint, TenantSettings, Timestamp,
    access::AccessRequest,
    authorization::{AuthorizationDecision, AuthorizationRefusal, AuthorizationRequest},
    settings::{ClientGrant, GrantedScope, Grantee, Unsupported},
    token::{
        DeviceBinding, Lookup, RevocationRequest, TokenDecision, TokenGrant, TokenRefusal,
        TokenRequest,
    },
};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::support::{
    fixture::id_of,
    http::parts,
    tenants::{API, t1},
};

const REDIRECT_URI: &str = "https://app.example.com/callback";
/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);
const MINUTE: Duration = Duration::from_mins(1);

pub(super) struct Trial {
    pub(super) tenant: TenantSettings,
    registrar: Registrar,
}

/// A registered client.
pub(super) struct RegisteredClient {
    pub(super) client: Arc<Client>,
    method: String,
    secret: String,
}

/// The tenant `t1`. Its clients get either what they request at registration or nothing, and may
/// reach the API without a user as well.
pub(super) fn open_tenant() -> TenantSettings {
    let mut tenant = t1();
    tenant.registration.rate_limit = None;
    tenant.registration.unsupported_grant_types = Unsupported::Reject;
    tenant.registration.unsupported_response_types = Unsupported::Reject;
    let grant = ClientGrant::new(Grantee::ThirdPartyClients, API, GrantedScope::All);
    let mut of_clients = grant;
    of_clients.subject_type = oauth_dcr::settings::SubjectType::Client;
    tenant.client_grants.push(of_clients);
    tenant
}

impl Trial {
    /// Clients register while registration is on, even if `tenant` has it off now.
    pub(super) fn new(tenant: TenantSettings) -> Self {
        let registrar = Registrar::builder(MemoryStore::new())
            .tenant(tenant.clone().enabled())
            .build()
            .unwrap();
        Self { tenant, registrar }
    }

    /// Registers; `None` if the registration is refused.
    pub(super) async fn register(
        &self,
        method: &str,
        mut metadata: Value,
    ) -> Option<RegisteredClient> {
        metadata["redirect_uris"] = json!([REDIRECT_URI]);
        metadata["token_endpoint_auth_method"] = method.into();
        let (status, answer) = send(self.registrar.clone(), &metadata).await;
        if status != 201 {
            assert_eq!(status, 400, "{answer}");
            return None;
        }
        let found = self.registrar.find(&self.tenant.id, &id_of(&answer)).await;
        let secret = answer["client_secret"].as_str().unwrap_or_default();
        Some(RegisteredClient {
            client: found.unwrap().unwrap(),
            method: method.to_owned(),
            secret: secret.to_owned(),
        })
    }

    /// The answer to an authorization request that is valid except for `changes`.
    pub(super) fn authorize(
        &self,
        registered: &RegisteredClient,
        changes: &[(&str, &str)],
    ) -> Result<AuthorizationDecision, AuthorizationRefusal> {
        let mut pairs = vec![
            ("response_type", "code"),
            ("client_id", registered.client.id().as_str()),
            ("redirect_uri", REDIRECT_URI),
            ("resource", API),
            ("nonce", "n-1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        pairs.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        pairs.extend(changes);
        let request = AuthorizationRequest::from_pairs(pairs);
        request.authorize(&self.tenant, Some(&registered.client))
    }

    /// Redeems a code that was issued for a request with `changes`.
    pub(super) fn redeem(
        &self,
        registered: &RegisteredClient,
        changes: &[(&str, &str)],
    ) -> Result<TokenDecision, TokenRefusal> {
        let approval = self.authorize(registered, changes).unwrap().approve();
        let binding = approval.code_binding(NOW, MINUTE).unwrap();
        let parameters = [
            ("grant_type", "authorization_code"),
            ("code", "c-1"),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ];
        self.token(registered, &parameters, |grant| match grant {
            TokenGrant::AuthorizationCode(it) => it.check(Lookup::Active(&binding)),
            other => panic!("{other:?}"),
        })
    }

    /// Uses the refresh token that was issued with the redeemed code.
    pub(super) fn refresh(
        &self,
        registered: &RegisteredClient,
    ) -> Result<TokenDecision, TokenRefusal> {
        let first = self.redeem(registered, &[("scope", "offline_access")])?;
        let binding = first.refresh_binding(NOW, MINUTE).unwrap();
        let family = first.refresh_family().unwrap();
        let parameters = [("grant_type", "refresh_token"), ("refresh_token", "r-1")];
        self.token(registered, &parameters, |grant| match grant {
            TokenGrant::RefreshToken(it) => it.check(Some((&binding, family))),
            other => panic!("{other:?}"),
        })
    }

    /// Requests a token without a user, with this scope.
    pub(super) fn by_itself(
        &self,
        registered: &RegisteredClient,
        scope: &str,
    ) -> Result<TokenDecision, TokenRefusal> {
        let parameters = [
            ("grant_type", "client_credentials"),
            ("resource", API),
            ("scope", scope),
        ];
        self.token(registered, &parameters, |grant| match grant {
            TokenGrant::ClientCredentials(it) => it.check(),
            other => panic!("{other:?}"),
        })
    }

    /// Redeems a device code that the user has approved for this scope.
    pub(super) fn on_device(
        &self,
        registered: &RegisteredClient,
        scope: &str,
    ) -> Result<TokenDecision, TokenRefusal> {
        let request = AccessRequest::to(API).scope(scope);
        let access = request.check(&self.tenant, &registered.client).unwrap();
        let binding = DeviceBinding::new(&registered.client, access, NOW, MINUTE);
        let grant_type = "urn:ietf:params:oauth:grant-type:device_code";
        let parameters = [("grant_type", grant_type), ("device_code", "d-1")];
        self.token(registered, &parameters, |grant| match grant {
            TokenGrant::DeviceCode(it) => it.check(Lookup::Active(&binding)),
            other => panic!("{other:?}"),
        })
    }

    /// Whether the client may revoke a token.
    pub(super) fn may_revoke(&self, registered: &RegisteredClient) -> bool {
        let (form, header) = registered.authenticated(&[("token", "t-1")]);
        let request = RevocationRequest::from_form(&form, header.as_deref().map(str::as_bytes));
        request
            .authenticate(&self.tenant, Some(&registered.client), NOW)
            .is_ok()
    }

    fn token(
        &self,
        registered: &RegisteredClient,
        parameters: &[(&str, &str)],
        check: impl FnOnce(TokenGrant<'_>) -> Result<TokenDecision, TokenRefusal>,
    ) -> Result<TokenDecision, TokenRefusal> {
        let (form, header) = registered.authenticated(parameters);
        let request = TokenRequest::from_form(&form, header.as_deref().map(str::as_bytes));
        check(request.authenticate(&self.tenant, Some(&registered.client), NOW)?)
    }
}

impl RegisteredClient {
    /// The form of a request that authenticates with the registered method, and the `Authorization`
    /// header.
    fn authenticated(&self, parameters: &[(&str, &str)]) -> (String, Option<String>) {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(parameters);
        let id = self.client.id().as_str();
        if self.method == "client_secret_basic" {
            let credentials = STANDARD.encode(format!("{id}:{}", self.secret));
            return (form.finish(), Some(format!("Basic {credentials}")));
        }
        form.append_pair("client_id", id);
        if !self.secret.is_empty() {
            form.append_pair("client_secret", &self.secret);
        }
        (form.finish(), None)
    }
}

/// Sends a registration, and returns the status and JSON of the answer.
pub(super) async fn send(registrar: Registrar, metadata: &Value) -> (u16, Value) {
    let request = Request::post("/oidc/register").header("content-type", "application/json");
    let request = request.body(metadata.to_string()).unwrap();
    parts(&RegistrationEndpoint::new(registrar).respond(request).await)
}
