use std::{fmt, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    access::ApiAccess,
    authorization::{
        AuthorizationError, AuthorizationRefusal, AuthorizationResponse, CodeBinding, Consent,
        ResponseMode, binding,
    },
    client::Client,
    kept::{self, Kept},
    settings::Issuer,
    values::{
        ClientId, CodeChallenge, RedirectUri, RedirectionPolicy, ResponseType, TenantId, Timestamp,
    },
};

/// An authorization request that may be put to the user: who asks, for what, and where the answer
/// goes.
///
/// The client has to be consented to, each time: nothing here says that it need not. The host signs
/// the user in by one of [`connections`](Self::connections), shows [`consent`](Self::consent), and
/// then [`approve`](Self::approve)s or [`deny`](Self::deny)s.
///
/// It serialises, for the host to keep while the user signs in: on the server, not in the user's
/// hands, because it is not signed. What is read back is what was written, or an error.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationDecision(Content);

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Content {
    pub(super) tenant: TenantId,
    pub(super) client_id: ClientId,
    #[serde(deserialize_with = "binding::redirect_uri")]
    pub(super) redirect_uri: RedirectUri,
    pub(super) redirect_uri_was_given: bool,
    pub(super) response_type: ResponseType,
    pub(super) response_mode: ResponseMode,
    pub(super) redirection_policy: RedirectionPolicy,
    pub(super) challenge: Option<CodeChallenge>,
    pub(super) access: ApiAccess,
    pub(super) connections: Box<[Box<str>]>,
    pub(super) state: Option<Box<str>>,
    pub(super) nonce: Option<Box<str>>,
    pub(super) issuer: Option<Issuer>,
}

impl AuthorizationDecision {
    pub(super) const fn new(content: Content) -> Self {
        Self(content)
    }

    /// The tenant.
    pub const fn tenant(&self) -> &TenantId {
        &self.0.tenant
    }

    /// The client that asks.
    pub const fn client_id(&self) -> &ClientId {
        &self.0.client_id
    }

    /// Where the answer goes, as it was requested.
    pub const fn redirect_uri(&self) -> &RedirectUri {
        &self.0.redirect_uri
    }

    /// What is to be issued: [`ResponseType::Code`], for every strict client.
    pub const fn response_type(&self) -> ResponseType {
        self.0.response_type
    }

    /// What the client will be given.
    pub const fn access(&self) -> &ApiAccess {
        &self.0.access
    }

    /// The connections that the user may sign in with: at least one.
    pub fn connections(&self) -> impl ExactSizeIterator<Item = &str> + fmt::Debug {
        self.0.connections.iter().map(|name| &**name)
    }

    /// `nonce`, for the ID token (OpenID Connect Core section 2).
    pub fn nonce(&self) -> Option<&str> {
        self.0.nonce.as_deref()
    }

    /// What the user has to be told before they consent. `None` if `client` is not the one that
    /// asks.
    pub fn consent<'a>(&'a self, client: &'a Client) -> Option<Consent<'a>> {
        let is_it = client.tenant() == self.tenant() && client.id() == self.client_id();
        is_it.then(|| Consent::new(self, client))
    }

    /// The same decision, reduced to the scopes that the user has left standing. Scopes that were
    /// not in it stay out.
    #[must_use]
    pub fn limited_to<'s>(mut self, scopes: impl IntoIterator<Item = &'s str>) -> Self {
        let kept: Vec<&str> = scopes.into_iter().collect();
        self.0.access = self.0.access.narrowed(|scope| kept.contains(&scope));
        self
    }

    /// What to bind to the code, once the user has signed in and consented. The code is good until
    /// `lifetime` after `now`; more than ten minutes count as ten (RFC 6749 section 4.1.2), one is
    /// plenty.
    pub fn approve(&self, now: Timestamp, lifetime: Duration) -> CodeBinding {
        CodeBinding::new(binding::Content {
            tenant: self.0.tenant.clone(),
            client_id: self.0.client_id.clone(),
            redirect_uri: self.0.redirect_uri.clone(),
            redirect_uri_was_given: self.0.redirect_uri_was_given,
            challenge: self.0.challenge,
            access: self.0.access.clone(),
            nonce: self.0.nonce.clone(),
            expires_at: now.saturating_add(lifetime.min(CodeBinding::MAX_LIFETIME)),
        })
    }

    /// The answer to the client: `code` and whatever else its response type asks for, with `state`
    /// and `iss`.
    pub fn response(
        &self,
        parameters: impl IntoIterator<Item = (&'static str, String)>,
    ) -> AuthorizationResponse {
        AuthorizationResponse::new(
            self.0.redirect_uri.as_str(),
            self.0.response_mode,
            parameters,
            self.0.state.as_deref(),
            self.0.issuer.as_ref(),
        )
    }

    /// The refusal, once the user has said no.
    pub fn deny(&self) -> AuthorizationRefusal {
        let error = AuthorizationError::Denied;
        let mut refusal = AuthorizationRefusal::page(error);
        if self.0.redirection_policy == RedirectionPolicy::AllowAlways {
            let Content {
                redirect_uri,
                response_mode,
                state,
                issuer,
                ..
            } = &self.0;
            refusal.response = Some(AuthorizationResponse::of_error(
                error,
                redirect_uri.as_str(),
                *response_mode,
                state.as_deref(),
                issuer.as_ref(),
            ));
        }
        refusal
    }
}

impl Kept for Content {
    const KIND: &'static str = "authorization_decision";
}

impl Serialize for AuthorizationDecision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        kept::write(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for AuthorizationDecision {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        kept::read(deserializer).map(Self)
    }
}

/// Without `state` and `nonce`, which are the client's secrets.
impl fmt::Debug for AuthorizationDecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationDecision")
            .field("tenant", &self.0.tenant)
            .field("client_id", &self.0.client_id)
            .field("redirect_uri", &self.0.redirect_uri)
            .field("access", &self.0.access)
            .finish_non_exhaustive()
    }
}
