use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    access::{ApiAccess, KeptAccess},
    kept::{self, Kept},
    parameters::Parameter,
    token::{
        Found, GrantFault, RefreshTokenAction, TokenDecision, TokenError as Error, TokenRefusal,
        exchange::Authenticated, found::Bound,
    },
    values::{ClientId, TenantId, Timestamp},
};

/// An authenticated request to use a refresh token (RFC 6749 section 6).
///
/// Look up what is bound to the [`refresh_token`](Self::refresh_token), and [`check`](Self::check)
/// it. Where the decision says so, mark the token as used in one atomic step, in which its successor
/// is stored. Whoever comes second there is answered [`replayed`](Self::replayed). Whenever the
/// refusal is [`GrantFault::Replayed`], revoke the token's whole family (RFC 9700 section 4.14.2).
#[derive(Debug)]
pub struct RefreshExchange<'a>(pub(super) Authenticated<'a>);

impl RefreshExchange<'_> {
    /// The refresh token, as presented. It is secret.
    pub fn refresh_token(&self) -> &str {
        self.0.value(Parameter::RefreshToken)
    }

    /// Checks the request against what is bound to its refresh token.
    ///
    /// # Errors
    /// [`TokenError::InvalidGrant`](Error::InvalidGrant) if the token is unknown or another client's,
    /// was replaced or has expired, or the client may no longer have what it was given;
    /// [`TokenError::Access`](Error::Access) if scopes of the API are asked for and none of them was
    /// given, or another API.
    pub fn check(&self, found: Found<'_, RefreshBinding>) -> Result<TokenDecision, TokenRefusal> {
        self.decide(found).map_err(|error| self.0.refuse(error))
    }

    /// The refusal of a refresh token that was replaced between the check and the atomic step.
    pub const fn replayed(&self) -> TokenRefusal {
        self.0.refuse(Error::InvalidGrant(GrantFault::Replayed))
    }

    fn decide(&self, found: Found<'_, RefreshBinding>) -> Result<TokenDecision, Error> {
        let bound = &self.0.own(found)?.0;
        let left = self.0.still(&bound.access)?;
        let access = match self.0.parameters.get(Parameter::Scope) {
            Some(scope) => left.reduced_to(scope)?,
            None => left,
        };
        Ok(TokenDecision {
            tenant: bound.tenant.clone(),
            client_id: bound.client_id.clone(),
            access,
            given: bound.access.clone(),
            refresh_token: RefreshTokenAction::next(self.0.client),
            began_at: bound.began_at,
            nonce: None,
        })
    }
}

/// What a refresh token stands for (RFC 6749 section 6).
///
/// Keep it on the server, beside a digest of the token and the user who consented. It serialises,
/// with a checksum that is no signature: what was cut, mixed up or edited without renewing that is
/// not read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RefreshBinding(#[serde(with = "kept")] Content);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Content {
    pub(super) tenant: TenantId,
    pub(super) client_id: ClientId,
    #[serde(with = "KeptAccess")]
    pub(super) access: ApiAccess,
    pub(super) began_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

impl RefreshBinding {
    /// The longest that one token is good for.
    pub const MAX_LIFETIME: Duration = Duration::from_hours(8760);

    pub(super) const fn new(content: Content) -> Self {
        Self(content)
    }

    /// The tenant.
    pub const fn tenant(&self) -> &TenantId {
        &self.0.tenant
    }

    /// The client that may use the token.
    pub const fn client_id(&self) -> &ClientId {
        &self.0.client_id
    }

    /// What it is good for.
    pub const fn access(&self) -> &ApiAccess {
        &self.0.access
    }

    /// When the first token of its family was issued: the user's consent is at least that old.
    pub const fn began_at(&self) -> Timestamp {
        self.0.began_at
    }

    /// When it ends.
    pub const fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }
}

impl Bound for RefreshBinding {
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

impl Kept for Content {
    const KIND: &'static str = "refresh_binding";
}
