use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    access::{ApiAccess, OFFLINE_ACCESS},
    authorization::{
        Approval, AuthorizationError, AuthorizationRefusal, AuthorizationResponse, Consent,
        decision_content::DecisionContent,
    },
    client::Client,
    envelope,
    redirect_uri::RedirectUri,
    types::{ClientId, ErrorRedirectPolicy, ResponseType, TenantId},
};

/// An authorization request that may be put to the user: who asks, for what, and where the answer
/// goes.
///
/// The client has to be consented to, each time: nothing here says that it need not. The host signs
/// the user in by one of [`connections`](Self::connections), shows [`consent`](Self::consent), and
/// then [`approve`](Self::approve)s or, if the user says no, [`deny`](Self::deny)s. Where the host
/// itself can't go on, it [`refuse`](Self::refuse)s.
///
/// It serialises, for the host to keep while the user signs in: on the server, not in the user's
/// hands, because its checksum is no signature. What was cut, mixed up or edited without renewing
/// that is not read back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AuthorizationDecision(#[serde(with = "envelope")] DecisionContent);

impl AuthorizationDecision {
    pub(super) const fn new(content: DecisionContent) -> Self {
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

    /// A parameter of the request that is left to the host, as it came: `prompt`, `max_age`,
    /// `login_hint`, `ui_locales` and others of OpenID Connect Core section 3.1.2.1, `correlation_id`,
    /// `authorization_details` (RFC 9396), and those whose names begin with `ext-`.
    ///
    /// It is the client's own text, of at most 4096 bytes and without control characters, except that
    /// `authorization_details` may hold tabs and line ends. That it is JSON is not checked.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.0.parameter(name)
    }

    /// `nonce`, for the ID token (OpenID Connect Core section 2).
    pub fn nonce(&self) -> Option<&str> {
        self.0.nonce.as_deref()
    }

    /// What the user has to be told before they consent. `None` if `client` is not the one that
    /// asks.
    pub fn consent<'a>(&'a self, client: &'a Client) -> Option<Consent<'a>> {
        let is_it = client.tenant() == self.tenant() && client.id() == self.client_id();
        is_it.then(|| Consent::new(&self.0, client))
    }

    /// The same decision, reduced to the scopes that the user has left standing: `offline_access`,
    /// too, has to be among them to stay. Scopes that were not in it stay out.
    #[must_use]
    pub fn limited_to<'s>(mut self, scopes: impl IntoIterator<Item = &'s str>) -> Self {
        let kept: Vec<&str> = scopes.into_iter().collect();
        let access = self.0.access.narrowed(|scope| kept.contains(&scope));
        self.0.access = access.and_offline_access(kept.contains(&OFFLINE_ACCESS));
        self
    }

    /// The request, once the user has signed in and consented.
    pub fn approve(self) -> Approval {
        Approval::new(self.0)
    }

    /// The refusal, once the user has signed in, has seen who asks, and has pressed *deny*
    /// (`access_denied`).
    ///
    /// A program on the user's device waits for the answer until it times out, so the refusal holds a
    /// response to send for `http` on a loopback host and for private-use schemes. For `https` it is a
    /// page with a [link](AuthorizationRefusal::link), unless the owner of the tenant lets the client's
    /// errors be redirected ([`ErrorRedirectPolicy::AllowAlways`]).
    ///
    /// Call it for the user's own choice and for nothing else. A server that calls it earlier is an open
    /// redirector, because anybody can register a client and send a browser here. Use
    /// [`refuse`](Self::refuse) for what the host finds.
    pub fn deny(self) -> AuthorizationRefusal {
        let is_sent = self.redirects_errors() || !self.0.redirect_uri.is_https();
        self.to_client(AuthorizationError::Denied, is_sent)
    }

    /// The refusal, where the host can't go on: a page with a [link](AuthorizationRefusal::link), or a
    /// response to send if the owner of the tenant lets the client's errors be redirected
    /// ([`ErrorRedirectPolicy::AllowAlways`]).
    ///
    /// An error that is found before the redirect URI is known to be the client's is always a page
    /// without a link. [`Blocked`](AuthorizationError::Blocked), for a client that was blocked since, is
    /// one of these errors. For a client that was removed since, use
    /// [`AuthorizationRefusal::unknown_client`], which says where to register.
    pub fn refuse(&self, error: AuthorizationError) -> AuthorizationRefusal {
        if error.is_after_redirect_uri() {
            self.to_client(error, self.redirects_errors())
        } else {
            AuthorizationRefusal::page(error)
        }
    }

    fn redirects_errors(&self) -> bool {
        self.0.error_redirect_policy == ErrorRedirectPolicy::AllowAlways
    }

    fn to_client(&self, error: AuthorizationError, is_sent: bool) -> AuthorizationRefusal {
        let content = &self.0;
        let response = AuthorizationResponse::of_error(
            error,
            content.redirect_uri.as_str(),
            content.response_mode,
            content.state.as_deref().into(),
            content.issuer.as_ref(),
        );
        AuthorizationRefusal::to_client(error, is_sent, response, &content.redirect_uri)
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
