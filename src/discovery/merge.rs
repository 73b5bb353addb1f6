//! The rules, in the order in which one needs what another has left.

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
    /// The metadata document to serve for this tenant: `document`, which is the host's and says what
    /// the host offers, merged with what is true of the clients that register here. The table is at
    /// [`ServerMetadata`].
    ///
    /// It is pure. Its work grows about in proportion to the document and to the tenant's APIs, client
    /// grants and scopes: it looks at each of those, whatever the document lists. With some dozens of
    /// them call it for each request, so that a change of the settings shows on the next one. With
    /// hundreds keep what comes out beside the settings that it was made of: anybody may ask for the
    /// document, as often as they like. `document` is whatever serialises as a JSON object: a `serde_json::Value`, or a type
    /// of the host's. [`MetadataDocument::at`](crate::discovery::MetadataDocument::at) says which document a
    /// request is for.
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
    /// // What a client would be refused at registration is not there.
    /// let methods = json!(["client_secret_post"]);
    /// assert_eq!(metadata["token_endpoint_auth_methods_supported"], methods);
    /// assert_eq!(metadata["grant_types_supported"], json!(["authorization_code"]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ServerMetadataError`](Error) names the member in which document and settings don't go
    /// together. Whether they do depends on nothing else: check it when the server starts and when
    /// settings change.
    pub fn server_metadata(&self, document: impl Serialize) -> Result<ServerMetadata, Error> {
        let issuer = self.issuer.as_ref().ok_or(Error::NoIssuer)?;
        let mut draft = Draft::of(document)?;
        draft.forbid("signed_metadata")?;
        draft.agree("issuer", issuer.as_str())?;
        // RFC 9207 section 3: answers have an `iss` wherever there is an issuer.
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

/// The host's document, while it is merged with what is true of the tenant.
struct Merge<'a> {
    tenant: &'a TenantSettings,
    draft: Draft,
}

impl Merge<'_> {
    /// The methods that a client may register, at each endpoint where this crate authenticates it.
    fn narrow_auth_methods(&mut self) -> Result<TokenEndpointAuthMethods, Error> {
        let supported = self.tenant.registration.token_endpoint_auth_methods;
        let names: Vec<_> = supported
            .iter()
            .map(TokenEndpointAuthMethod::as_str)
            .collect();
        let passes = |name: &str| names.contains(&name);
        let member = "token_endpoint_auth_methods_supported";
        let left = self.draft.narrow(member, &names, passes)?;
        if self.draft.has("revocation_endpoint") {
            // Left out, it would mean `client_secret_basic` (RFC 8414 section 2).
            let left: Vec<_> = left.iter().map(String::as_str).collect();
            self.draft
                .narrow("revocation_endpoint_auth_methods_supported", &left, passes)?;
        } else {
            self.draft
                .remove("revocation_endpoint_auth_methods_supported");
        }
        let methods = left.iter();
        Ok(methods
            .filter_map(|name| TokenEndpointAuthMethod::from_name(name))
            .collect())
    }

    /// The grants that a client may register which has one of these methods.
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
        // What else a permissive client could have, the host need not have: it has to say so.
        let otherwise = GrantType::allowed_in(SecurityMode::Strict).iter();
        let otherwise: Vec<_> = otherwise.map(|grant| grant.as_str()).collect();
        let left = self
            .draft
            .narrow(member, &otherwise, |name| known(name).is_some())?;
        let grants: GrantTypes = left.iter().filter_map(|name| known(name)).collect();
        // A refresh token comes from another grant; a strict client has only the one.
        if grants.iter().all(|grant| grant == GrantType::RefreshToken) {
            return Err(Error::NothingLeft { member });
        }
        if !grants.contains(GrantType::DeviceCode) {
            self.draft.remove("device_authorization_endpoint");
        }
        Ok(grants)
    }

    /// What an authorization request may ask for that is about how it is answered.
    fn narrow_authorization(&mut self, grant_types: GrantTypes) -> Result<(), Error> {
        let mut grants = grant_types.iter();
        if !grants.any(GrantType::begins_at_authorization_endpoint) {
            for member in OF_AUTHORIZATION {
                self.draft.remove(member);
            }
            // It is required (RFC 8414 section 2): without it, clients assume `code`, or fail.
            self.draft
                .set("response_types_supported", Vec::<String>::new());
            return Ok(());
        }
        let allowed = ResponseType::allowed_in(self.tenant.registration.security_mode).iter();
        let allowed: Vec<_> = allowed
            .filter(|it| it.has_its_grants(grant_types))
            .collect();
        // Tokens straight from the authorization endpoint are for the host to offer.
        let code = allowed.iter().filter(|it| ***it == ResponseType::Code);
        let code: Vec<_> = code.map(|it| it.as_str()).collect();
        let passes = |name: &str| allowed.iter().any(|it| it.is_spelled(name));
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

    /// What a new client can be given of the tenant's APIs.
    fn narrow_access(&mut self, grant_types: GrantTypes) -> Result<(), Error> {
        let (access, subjects) = (NewClientAccess::of(self.tenant), subjects(grant_types));
        let mut scopes = access.all_scopes(&subjects);
        if grant_types.contains(GrantType::RefreshToken)
            && let Err(place) = scopes.binary_search(&OFFLINE_ACCESS)
        {
            scopes.insert(place, OFFLINE_ACCESS);
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

    /// What is supported or not, whatever the host's document says.
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

/// On whose behalf these grants give access.
fn subjects(grant_types: GrantTypes) -> Vec<SubjectType> {
    let subject_of = |grant| match grant {
        GrantType::AuthorizationCode | GrantType::Implicit | GrantType::DeviceCode => {
            Some(SubjectType::User)
        }
        GrantType::ClientCredentials => Some(SubjectType::Client),
        // On behalf of whom the token was that it replaces.
        GrantType::RefreshToken => None,
    };
    let is_given = |subject: &SubjectType| {
        let mut grants = grant_types.iter();
        grants.any(|grant| subject_of(grant) == Some(*subject))
    };
    let subjects = [SubjectType::User, SubjectType::Client];
    subjects.into_iter().filter(is_given).collect()
}
