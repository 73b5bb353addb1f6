use std::fmt;

use crate::{
    access::{AccessRequest, ApiAccess},
    authorization::CodeBinding,
    client::Client,
    parameters::{Parameter, Parameters},
    settings::{SubjectType, TenantSettings},
    token::{
        GrantFault, RefreshBinding, RefreshTokenRule, TokenDecision, TokenError as Error,
        TokenRefusal, request::missing,
    },
    values::{ClientId, CodeChallenge, CodeVerifier, GrantType, SecurityMode, TenantId, Timestamp},
};

/// A token request whose client is authenticated and registered for the grant that it uses.
#[derive(Debug)]
#[non_exhaustive]
pub enum TokenGrant<'a> {
    /// `authorization_code`
    AuthorizationCode(CodeExchange<'a>),
    /// `refresh_token`
    RefreshToken(RefreshExchange<'a>),
    /// `client_credentials`, for permissive clients.
    ClientCredentials(ClientCredentials<'a>),
    /// `urn:ietf:params:oauth:grant-type:device_code`, for permissive clients.
    DeviceCode(DeviceExchange<'a>),
}

impl TokenGrant<'_> {
    /// The client.
    pub const fn client(&self) -> &Client {
        self.request().client
    }

    /// The refusal of a grant that the host does not offer, whatever the client registered.
    pub const fn not_offered(&self) -> TokenRefusal {
        self.request().refuse(Error::UnsupportedGrantType)
    }

    const fn request(&self) -> &Authenticated<'_> {
        match self {
            Self::AuthorizationCode(CodeExchange(request))
            | Self::RefreshToken(RefreshExchange(request))
            | Self::ClientCredentials(ClientCredentials(request))
            | Self::DeviceCode(DeviceExchange(request)) => request,
        }
    }
}

/// The request, and who made it.
pub(super) struct Authenticated<'a> {
    pub(super) parameters: Parameters<'a>,
    pub(super) used_authorization_header: bool,
    pub(super) tenant: &'a TenantSettings,
    pub(super) client: &'a Client,
    /// One moment for the whole decision.
    pub(super) now: Timestamp,
}

impl<'a> Authenticated<'a> {
    /// The request as one for its grant, with the parameter that the grant can't be without.
    pub(super) fn grant(self) -> Result<TokenGrant<'a>, Error> {
        let name = self.parameters.get(Parameter::GrantType);
        let mode = self.client.security_mode();
        let possible = GrantType::allowed_in(mode).iter();
        let grant_type = *possible
            .clone()
            .find(|it| Some(it.as_str()) == name)
            .ok_or(Error::UnsupportedGrantType)?;
        if !self.client.metadata().grant_types().contains(grant_type) {
            return Err(Error::GrantNotRegistered);
        }
        match grant_type {
            GrantType::AuthorizationCode => self
                .with(Parameter::Code)
                .map(CodeExchange)
                .map(TokenGrant::AuthorizationCode),
            GrantType::RefreshToken => self
                .with(Parameter::RefreshToken)
                .map(RefreshExchange)
                .map(TokenGrant::RefreshToken),
            GrantType::ClientCredentials => {
                Ok(TokenGrant::ClientCredentials(ClientCredentials(self)))
            }
            GrantType::DeviceCode => self
                .with(Parameter::DeviceCode)
                .map(DeviceExchange)
                .map(TokenGrant::DeviceCode),
            // It has no token request (RFC 6749 section 4.2).
            GrantType::Implicit => Err(Error::UnsupportedGrantType),
        }
    }

    fn with(self, required: Parameter) -> Result<Self, Error> {
        match self.parameters.get(required) {
            Some(_) => Ok(self),
            None => Err(missing(required)),
        }
    }

    pub(super) fn value(&self, parameter: Parameter) -> &str {
        self.parameters.get(parameter).unwrap_or_default()
    }

    const fn refuse(&self, error: Error) -> TokenRefusal {
        TokenRefusal {
            error,
            used_authorization_header: self.used_authorization_header,
        }
    }

    /// What the client still has of what it was `given`, if the request is about that API.
    fn still(&self, given: &ApiAccess) -> Result<ApiAccess, Error> {
        given.check_api(
            self.parameters.get(Parameter::Audience),
            self.parameters.get(Parameter::Resource),
        )?;
        self.tenant
            .reconsider(self.client, given)
            .map_err(|_| Error::InvalidGrant(GrantFault::Withdrawn))
    }

    fn is_before(&self, end: Timestamp) -> Result<(), Error> {
        if self.now < end {
            Ok(())
        } else {
            Err(Error::InvalidGrant(GrantFault::Expired))
        }
    }

    fn is_by(&self, tenant: &TenantId, client_id: &ClientId) -> Result<(), Error> {
        if self.client.tenant() == tenant && self.client.id() == client_id {
            Ok(())
        } else {
            Err(Error::InvalidGrant(GrantFault::OtherClient))
        }
    }
}

/// Shows no value of a parameter: most are secret.
impl fmt::Debug for Authenticated<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticated")
            .field("client_id", self.client.id())
            .finish_non_exhaustive()
    }
}

/// An authenticated request to exchange an authorization code (RFC 6749 section 4.1.3).
///
/// Look up what is bound to the [`code`](Self::code), [`check`](Self::check) it, then take the code
/// out of your store in one atomic step. Whoever comes second there is answered
/// [`already_used`](Self::already_used), and what the code has led to is revoked. In this order a
/// client can't use up another one's code.
#[derive(Debug)]
pub struct CodeExchange<'a>(Authenticated<'a>);

impl CodeExchange<'_> {
    /// The code, as presented. It is secret.
    pub fn code(&self) -> &str {
        self.0.value(Parameter::Code)
    }

    /// Checks the request against what is bound to its code: `None` if there is no such code.
    ///
    /// # Errors
    /// [`TokenError::InvalidGrant`](Error::InvalidGrant) if the code is another client's, or has
    /// expired, or redirect URI or verifier are not those of the authorization request, or the
    /// client may no longer have what it was given; [`TokenError::Access`](Error::Access) if the
    /// request is about another API.
    pub fn check(&self, binding: Option<&CodeBinding>) -> Result<TokenDecision, TokenRefusal> {
        self.decide(binding).map_err(|error| self.0.refuse(error))
    }

    /// The refusal of a code that was used before.
    pub fn already_used(&self) -> TokenRefusal {
        self.0.refuse(Error::InvalidGrant(GrantFault::Used))
    }

    fn decide(&self, binding: Option<&CodeBinding>) -> Result<TokenDecision, Error> {
        let bound = binding
            .ok_or(Error::InvalidGrant(GrantFault::Unknown))?
            .content();
        self.0.is_by(&bound.tenant, &bound.client_id)?;
        self.0.is_before(bound.expires_at)?;
        let is_right_uri = match self.0.parameters.get(Parameter::RedirectUri) {
            Some(uri) => uri == bound.redirect_uri.as_str(),
            None => !bound.redirect_uri_was_given,
        };
        if !is_right_uri {
            return Err(Error::InvalidGrant(GrantFault::RedirectUri));
        }
        self.check_verifier(bound.challenge)
            .map_err(Error::InvalidGrant)?;
        let access = self.0.still(&bound.access)?;
        let refresh_token = if access.has_offline_access() {
            RefreshTokenRule::New
        } else {
            RefreshTokenRule::None
        };
        Ok(TokenDecision {
            tenant: bound.tenant.clone(),
            client_id: bound.client_id.clone(),
            access,
            given: bound.access.clone(),
            refresh_token,
            nonce: bound.nonce.clone(),
        })
    }

    /// RFC 7636 section 4.6, and never less than what the authorization request began
    /// (RFC 9700 section 2.1.1).
    fn check_verifier(&self, challenge: Option<CodeChallenge>) -> Result<(), GrantFault> {
        let verifier = self.0.parameters.get(Parameter::CodeVerifier);
        let is_optional = self.0.client.security_mode() == SecurityMode::Permissive;
        match (challenge, verifier) {
            (Some(challenge), Some(text)) => match CodeVerifier::parse(text) {
                Ok(verifier) if challenge.verify(&verifier) => Ok(()),
                _ => Err(GrantFault::Verifier),
            },
            (Some(_), None) => Err(GrantFault::Verifier),
            (None, None) if is_optional => Ok(()),
            (None, _) => Err(GrantFault::NoChallenge),
        }
    }
}

/// An authenticated request to use a refresh token (RFC 6749 section 6).
///
/// Look up what is bound to the [`refresh_token`](Self::refresh_token), and [`check`](Self::check)
/// it. Where the decision says so, replace the token by a new one in one atomic step. One that was
/// replaced before is answered [`already_used`](Self::already_used), and its whole family is revoked
/// (RFC 9700 section 4.14.2).
#[derive(Debug)]
pub struct RefreshExchange<'a>(Authenticated<'a>);

impl RefreshExchange<'_> {
    /// The refresh token, as presented. It is secret.
    pub fn refresh_token(&self) -> &str {
        self.0.value(Parameter::RefreshToken)
    }

    /// Checks the request against what is bound to its refresh token: `None` if there is no such
    /// token.
    ///
    /// # Errors
    /// [`TokenError::InvalidGrant`](Error::InvalidGrant) if the token is another client's, or has
    /// expired, or the client may no longer have what it was given;
    /// [`TokenError::Access`](Error::Access) if more scopes are asked for than were given, or
    /// another API.
    pub fn check(&self, binding: Option<&RefreshBinding>) -> Result<TokenDecision, TokenRefusal> {
        self.decide(binding).map_err(|error| self.0.refuse(error))
    }

    /// The refusal of a refresh token that was used before.
    pub fn already_used(&self) -> TokenRefusal {
        self.0.refuse(Error::InvalidGrant(GrantFault::Used))
    }

    fn decide(&self, binding: Option<&RefreshBinding>) -> Result<TokenDecision, Error> {
        let bound = binding
            .ok_or(Error::InvalidGrant(GrantFault::Unknown))?
            .content();
        self.0.is_by(&bound.tenant, &bound.client_id)?;
        self.0.is_before(bound.expires_at)?;
        let left = self.0.still(&bound.access)?;
        let access = match self.0.parameters.get(Parameter::Scope) {
            Some(scope) => left.reduced_to(scope, self.0.client.security_mode())?,
            None => left,
        };
        let refresh_token = if self.0.client.is_public() {
            RefreshTokenRule::New
        } else {
            RefreshTokenRule::Keep
        };
        Ok(TokenDecision {
            tenant: bound.tenant.clone(),
            client_id: bound.client_id.clone(),
            access,
            given: bound.access.clone(),
            refresh_token,
            nonce: None,
        })
    }
}

/// An authenticated request of a client for itself (RFC 6749 section 4.4).
#[derive(Debug)]
pub struct ClientCredentials<'a>(Authenticated<'a>);

impl ClientCredentials<'_> {
    /// What the client is given, by the grants whose subject is the client.
    ///
    /// # Errors
    /// [`TokenError::Access`](Error::Access) if it may have nothing of what it asks for.
    pub fn check(&self) -> Result<TokenDecision, TokenRefusal> {
        let parameters = &self.0.parameters;
        let wanted = AccessRequest {
            audience: parameters.get(Parameter::Audience),
            resource: parameters.get(Parameter::Resource),
            scope: parameters.get(Parameter::Scope),
            subject_type: SubjectType::Client,
        };
        let access = self.0.tenant.access(self.0.client, wanted);
        let access = access.map_err(|error| self.0.refuse(error.into()))?;
        Ok(TokenDecision {
            tenant: self.0.client.tenant().clone(),
            client_id: self.0.client.id().clone(),
            given: access.clone(),
            access,
            refresh_token: RefreshTokenRule::None,
            nonce: None,
        })
    }
}

/// An authenticated request to redeem a device code (RFC 8628 section 3.4).
///
/// The device flow itself is the host's: what a device may be given comes from
/// [`TenantSettings::access`], and the host answers `authorization_pending` and the like until the
/// user has decided.
#[derive(Debug)]
pub struct DeviceExchange<'a>(Authenticated<'a>);

impl DeviceExchange<'_> {
    /// The device code, as presented. It is secret.
    pub fn device_code(&self) -> &str {
        self.0.value(Parameter::DeviceCode)
    }

    /// Checks the request against what the user has approved for `client_id`.
    ///
    /// # Errors
    /// [`TokenError::InvalidGrant`](Error::InvalidGrant) if the device code is another client's, or
    /// the client may no longer have what it was given.
    pub fn check(
        &self,
        client_id: &ClientId,
        given: &ApiAccess,
    ) -> Result<TokenDecision, TokenRefusal> {
        let tenant = self.0.client.tenant();
        let access = self
            .0
            .is_by(tenant, client_id)
            .and_then(|()| self.0.still(given))
            .map_err(|error| self.0.refuse(error))?;
        let refresh_token = if access.has_offline_access() {
            RefreshTokenRule::New
        } else {
            RefreshTokenRule::None
        };
        Ok(TokenDecision {
            tenant: tenant.clone(),
            client_id: client_id.clone(),
            access,
            given: given.clone(),
            refresh_token,
            nonce: None,
        })
    }
}
