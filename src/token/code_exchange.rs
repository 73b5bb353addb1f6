use crate::{
    authorization::CodeBinding,
    parameters::Parameter,
    pkce::{CodeChallenge, CodeVerifier},
    redirect_uri::RedirectUri,
    token::{
        GrantFault, Lookup, RefreshFamily, RefreshTokenAction, TokenDecision, TokenError as Error,
        TokenRefusal, authenticated::Authenticated, lookup::Bound,
    },
    types::{ClientId, SecurityMode, TenantId, Timestamp},
};

/// An authenticated request to exchange an authorization code (RFC 6749 section 4.1.3).
///
/// Look up the binding of the [`code`](Self::code), [`check`](Self::check) it, then mark the code as used in one
/// atomic step. If it was already marked, answer [`replayed`](Self::replayed). In this order, no client can use up
/// the code of another client. Whenever the refusal is [`GrantFault::Replayed`], revoke all tokens that came from
/// the code (RFC 6749 section 4.1.2).
#[derive(Debug)]
pub struct CodeExchange<'a>(pub(super) Authenticated<'a>);

impl CodeExchange<'_> {
    /// The code, as presented. It is secret.
    pub fn code(&self) -> &str {
        self.0.value(Parameter::Code)
    }

    /// Checks the request against the binding of its code.
    ///
    /// The redirect URI may be left out if a challenge is bound to the code.
    ///
    /// # Errors
    /// [`TokenError::InvalidGrant`](Error::InvalidGrant) if the code is unknown, belongs to another client, was used
    /// or has expired; if the redirect URI or the verifier does not match the authorization request; or if the
    /// client may no longer have the access that it was granted.
    /// [`TokenError::Access`](Error::Access) if the request is about another API.
    pub fn check(&self, found: Lookup<'_, CodeBinding>) -> Result<TokenDecision, TokenRefusal> {
        self.decide(found).map_err(|error| self.0.refuse(error))
    }

    /// The refusal of a code that another request used between the check and the atomic step.
    pub const fn replayed(&self) -> TokenRefusal {
        self.0.refuse(Error::InvalidGrant(GrantFault::Replayed))
    }

    fn decide(&self, found: Lookup<'_, CodeBinding>) -> Result<TokenDecision, Error> {
        let bound = self.0.verify(found)?.content();
        let may_leave_out = bound.challenge.is_some() || !bound.redirect_uri_was_given;
        self.check_redirect_uri(&bound.redirect_uri, may_leave_out)?;
        self.check_verifier(bound.challenge)
            .map_err(Error::InvalidGrant)?;
        let access = self.0.revalidate(&bound.access)?;
        Ok(TokenDecision {
            tenant: bound.tenant.clone(),
            client_id: bound.client_id.clone(),
            refresh_token: RefreshTokenAction::first(&access),
            access,
            granted: bound.access.clone(),
            family: RefreshFamily::unrotated(),
            began_at: self.0.now,
            nonce: bound.nonce.clone(),
        })
    }

    /// Checks that the redirect URI is the same as in the authorization request, and still registered
    /// (RFC 6749 section 4.1.3).
    ///
    /// OAuth 2.1 drops the parameter, because a challenge protects the code just as well. The parameter is required
    /// only for a code without a challenge, and only if the authorization request had it.
    fn check_redirect_uri(&self, bound: &RedirectUri, may_leave_out: bool) -> Result<(), Error> {
        let is_same = match self.0.parameters.get(Parameter::RedirectUri) {
            Some(uri) => uri == bound.as_str(),
            None => may_leave_out,
        };
        let policy = &self.0.tenant.registration.redirect_uris;
        let registered = self.0.client.metadata().redirect_uris();
        let is_registered = || {
            registered
                .iter()
                .any(|uri| uri.matches(bound.as_str(), policy))
        };
        if is_same && is_registered() {
            Ok(())
        } else {
            Err(Error::InvalidGrant(GrantFault::RedirectUri))
        }
    }

    /// Checks the verifier (RFC 7636 section 4.6). A client can't skip PKCE if the authorization request used it,
    /// and can't use it if the authorization request did not (RFC 9700 section 2.1.1).
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

impl Bound for CodeBinding {
    fn tenant(&self) -> &TenantId {
        Self::tenant(self)
    }

    fn client_id(&self) -> &ClientId {
        Self::client_id(self)
    }

    fn expires_at(&self) -> Timestamp {
        Self::expires_at(self)
    }
}
