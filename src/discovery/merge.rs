//! The rules that merge the host's document with the settings. A rule may need the result of an earlier rule.

use serde::Serialize;

use crate::{
    access::{NewClientAccess, OFFLINE_ACCESS, is_identity},
    authorization::{ResponseMode, refused_parameters},
    discovery::{
        ServerMetadata, ServerMetadataError as Error,
        draft::Draft,
        members::{DEMANDS, NEVER_SUPPORTED, OF_AUTHORIZATION, SUPPORTED_PARAMETERS},
    },
    pkce::CodeChallenge,
    settings::{SubjectType, TenantSettings},
    types::{
        GrantType, GrantTypes, ResponseType, SecurityMode, TokenEndpointAuthMethod,
        TokenEndpointAuthMethods,
    },
};

impl TenantSettings {
    /// The metadata document to serve for this tenant.
    ///
    /// `document` is the host's document, which says what the host offers. It is reduced to what clients that
    /// register here can use. [`ServerMetadata`] has a table of the rules. `document` can have any type that
    /// serialises as a JSON object: a `serde_json::Value`, or a type of the host's.
    /// [`MetadataDocument::at`](crate::discovery::MetadataDocument::at) says which document a request is for.
    ///
    /// The function has no side effects. Its work is about proportional to the size of the document and to the
    /// number of the tenant's APIs, client grants and scopes. With some dozens of them, call it for each
    /// request, so that a change of the settings takes effect with the next request. With hundreds, cache the
    /// result together with the settings, because anyone can request the document at any rate.
    ///
    /// ```
    /// use oauth_dcr::{settings::Issuer, TenantSettings};
    /// use serde_json::{Value, json};
    ///
    /// let mut tenant = TenantSettings::new().enabled();
    /// tenant.issuer = Some(Issuer::parse("https://auth.example.com/tenants/acme")?);
    ///
    /// let document = json!({
    ///     "authorization_endpoint": "https://auth.example.com/tenants/acme/authorize",
    ///     "token_endpoint": "https://auth.example.com/tenants/acme/token",
    ///     "token_endpoint_auth_methods_supported":
    ///         ["private_key_jwt", "client_secret_basic", "client_secret_post"],
    ///     "grant_types_supported": ["authorization_code", "client_credentials"],
    /// });
    /// let metadata: Value = serde_json::to_value(tenant.server_metadata(document)?)?;
    ///
    /// assert_eq!(metadata["issuer"], "https://auth.example.com/tenants/acme");
    /// let endpoint = "https://auth.example.com/tenants/acme/oidc/register";
    /// assert_eq!(metadata["registration_endpoint"], endpoint);
    /// // Values that registration would refuse are removed.
    /// let methods = json!(["client_secret_post"]);
    /// assert_eq!(metadata["token_endpoint_auth_methods_supported"], methods);
    /// assert_eq!(metadata["grant_types_supported"], json!(["authorization_code"]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ServerMetadataError`](Error) names the member in which the document contradicts the settings. The
    /// result depends only on these two, so check it when the server starts and when the settings change.
    pub fn server_metadata(&self, document: impl Serialize) -> Result<ServerMetadata, Error> {
        let issuer = self.issuer.as_ref().ok_or(Error::NoIssuer)?;
        let mut draft = Draft::of(document)?;
        draft.forbid("signed_metadata")?;
        draft.agree("issuer", issuer.as_str())?;
        // RFC 9207 section 3: responses have an `iss`, because there is an issuer.
        draft.set("authorization_response_iss_parameter_supported", true);
        match self.registration_endpoint() {
            Some(endpoint) => draft.agree("registration_endpoint", &endpoint)?,
            None => draft.remove("registration_endpoint"),
        }
        let mut merge = Merge {
            tenant: self,
            draft,
        };
        let auth_methods = merge.narrow_auth_methods()?;
        let grant_types = merge.narrow_grant_types(auth_methods)?;
        merge.narrow_authorization(grant_types)?;
        merge.narrow_access(grant_types)?;
        merge.state_support()?;
        Ok(ServerMetadata(merge.draft.into_value()))
    }
}

/// The host's document, while it is merged with the tenant's settings.
struct Merge<'a> {
    tenant: &'a TenantSettings,
    draft: Draft,
}

impl Merge<'_> {
    /// Narrows the authentication methods of each endpoint to the methods that a client may register.
    fn narrow_auth_methods(&mut self) -> Result<TokenEndpointAuthMethods, Error> {
        let supported = self.tenant.registration.token_endpoint_auth_methods;
        let names: Vec<_> = supported
            .iter()
            .map(TokenEndpointAuthMethod::as_str)
            .collect();
        let passes = |name: &str| names.contains(&name);
        let member = "token_endpoint_auth_methods_supported";
        let remaining = self.draft.narrow(member, &names, passes)?;
        let member = "revocation_endpoint_auth_methods_supported";
        if self.draft.has("revocation_endpoint") {
            // An absent list would mean `client_secret_basic` (RFC 8414 section 2).
            let default: Vec<_> = remaining.iter().map(String::as_str).collect();
            self.draft.narrow(member, &default, passes)?;
        } else {
            self.draft.remove(member);
        }
        let methods = remaining.iter();
        Ok(methods
            .filter_map(|name| TokenEndpointAuthMethod::from_name(name))
            .collect())
    }

    /// Narrows the grant types to the grants that a client with one of these methods may register.
    fn narrow_grant_types(
        &mut self,
        auth_methods: TokenEndpointAuthMethods,
    ) -> Result<GrantTypes, Error> {
        let mode = self.tenant.registration.security_mode;
        let has_secret = auth_methods.iter().any(|method| !method.is_public());
        let known = |name: &str| {
            let mut allowed = GrantType::allowed_in(mode).iter().copied();
            let grant = allowed.find(|grant| grant.as_str() == name);
            grant.filter(|grant| has_secret || *grant != GrantType::ClientCredentials)
        };
        let member = "grant_types_supported";
        // The host may not support the other grants of permissive clients, so its document must list them.
        let default = GrantType::allowed_in(SecurityMode::Strict).iter();
        let default: Vec<_> = default.map(|grant| grant.as_str()).collect();
        let remaining = self
            .draft
            .narrow(member, &default, |name| known(name).is_some())?;
        let grants: GrantTypes = remaining.iter().filter_map(|name| known(name)).collect();
        // A client gets its first refresh token from another grant, so this grant alone is of no use.
        if grants.iter().all(|grant| grant == GrantType::RefreshToken) {
            return Err(Error::NothingLeft { member });
        }
        if !grants.contains(GrantType::DeviceCode) {
            self.draft.remove("device_authorization_endpoint");
        }
        Ok(grants)
    }

    /// Narrows the members about authorization requests and responses.
    fn narrow_authorization(&mut self, grant_types: GrantTypes) -> Result<(), Error> {
        let mut grants = grant_types.iter();
        if !grants.any(GrantType::begins_at_authorization_endpoint) {
            for member in OF_AUTHORIZATION {
                self.draft.remove(member);
            }
            // The member is required (RFC 8414 section 2). Without it, clients assume `code`, or fail.
            self.draft
                .set("response_types_supported", Vec::<String>::new());
            return Ok(());
        }
        let allowed = ResponseType::allowed_in(self.tenant.registration.security_mode).iter();
        let allowed: Vec<_> = allowed
            .filter(|response| response.has_its_grants(grant_types))
            .collect();
        // The host may not support tokens from the authorization endpoint, so its document must list them.
        let mut code = allowed.clone();
        code.retain(|response| **response == ResponseType::Code);
        let code: Vec<_> = code.iter().map(|response| response.as_str()).collect();
        let passes = |name: &str| allowed.iter().any(|response| response.is_spelled(name));
        self.draft
            .narrow("response_types_supported", &code, passes)?;
        if self.draft.has("response_modes_supported") {
            let passes = |name: &str| ResponseMode::from_name(name).is_some();
            self.draft.narrow("response_modes_supported", &[], passes)?;
        }
        let method = CodeChallenge::METHOD;
        self.draft
            .narrow("code_challenge_methods_supported", &[method], |name| {
                name == method
            })?;
        self.draft
            .prune("prompt_values_supported", &[], |name| name != "none")
    }

    /// Narrows scopes and resources to those that a new client can get.
    fn narrow_access(&mut self, grant_types: GrantTypes) -> Result<(), Error> {
        let (access, subjects) = (NewClientAccess::of(self.tenant), subjects(grant_types));
        let mut scopes = access.all_scopes(&subjects);
        if grant_types.contains(GrantType::RefreshToken)
            && let Err(position) = scopes.binary_search(&OFFLINE_ACCESS)
        {
            scopes.insert(position, OFFLINE_ACCESS);
        }
        let has_identity = self.tenant.registration.security_mode == SecurityMode::Permissive;
        let passes = |scope: &str| {
            let is_identity = is_identity(scope) && scope != OFFLINE_ACCESS;
            scopes.binary_search(&scope).is_ok() || has_identity && is_identity
        };
        self.draft.prune("scopes_supported", &scopes, passes)?;
        let is_reachable = |resource: &str| access.reaches(resource, &subjects);
        self.draft.prune("protected_resources", &[], is_reachable)
    }

    /// Sets or removes the members that do not depend on the host's document.
    fn state_support(&mut self) -> Result<(), Error> {
        for member in DEMANDS {
            self.draft.forbid(member)?;
        }
        for member in NEVER_SUPPORTED {
            self.draft.remove(member);
        }
        let refused = refused_parameters(self.tenant.registration.security_mode);
        for (member, parameter) in SUPPORTED_PARAMETERS {
            if refused.contains(&parameter) {
                self.draft.set(member, false);
            }
        }
        Ok(())
    }
}

/// The subjects for which these grants give access.
fn subjects(grant_types: GrantTypes) -> Vec<SubjectType> {
    let subject_of = |grant| match grant {
        GrantType::AuthorizationCode | GrantType::Implicit | GrantType::DeviceCode => {
            Some(SubjectType::User)
        }
        GrantType::ClientCredentials => Some(SubjectType::Client),
        // The subject is the subject of the replaced token.
        GrantType::RefreshToken => None,
    };
    let has_grant = |subject: &SubjectType| {
        let mut grants = grant_types.iter();
        grants.any(|grant| subject_of(grant) == Some(*subject))
    };
    let subjects = [SubjectType::User, SubjectType::Client];
    subjects.into_iter().filter(has_grant).collect()
}
