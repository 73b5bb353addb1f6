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

/// An authorization request that passed all checks: the client, the access that it asks for, and where the
/// response goes.
///
/// The user has to consent to the client each time, without exception. The host signs the user in by one of
/// [`connections`](Self::connections) and shows [`consent`](Self::consent). Then it calls
/// [`approve`](Self::approve) or, if the user says no, [`deny`](Self::deny). If the host itself can't continue, it
/// calls [`refuse`](Self::refuse).
///
/// The host can serialise the decision and store it while the user signs in. Store it on the server and not in the
/// browser: its checksum finds a text that was truncated, mixed up or edited, but it is not a signature, and anyone
/// who edits the text can also renew the checksum.
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

    /// The client that sent the request.
    pub const fn client_id(&self) -> &ClientId {
        &self.0.client_id
    }

    /// The URI that the response goes to, as the client requested it.
    pub const fn redirect_uri(&self) -> &RedirectUri {
        &self.0.redirect_uri
    }

    /// What the host has to issue. It is [`ResponseType::Code`] for every strict client.
    pub const fn response_type(&self) -> ResponseType {
        self.0.response_type
    }

    /// The access that the client will get.
    pub const fn access(&self) -> &ApiAccess {
        &self.0.access
    }

    /// The connections that the user may sign in with. There is at least one.
    pub fn connections(&self) -> impl ExactSizeIterator<Item = &str> + fmt::Debug {
        self.0.connections.iter().map(|name| &**name)
    }

    /// A parameter of the request that the host handles, unchanged. These are `prompt`, `max_age`, `login_hint`,
    /// `ui_locales` and others of OpenID Connect Core section 3.1.2.1, `correlation_id`,
    /// `authorization_details` (RFC 9396), and the parameters whose names begin with `ext-`.
    ///
    /// The value is the client's own text. It has at most 4096 bytes and no control characters, except that
    /// `authorization_details` may contain tabs and line ends. It is not checked that `authorization_details` is
    /// JSON.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.0.parameter(name)
    }

    /// The parameter `nonce`, for the ID token (OpenID Connect Core section 2).
    pub fn nonce(&self) -> Option<&str> {
        self.0.nonce.as_deref()
    }

    /// The facts that the user has to see before they consent. `None` if `client` is not the client that sent the
    /// request.
    pub fn consent<'a>(&'a self, client: &'a Client) -> Option<Consent<'a>> {
        let is_same = client.tenant() == self.tenant() && client.id() == self.client_id();
        is_same.then(|| Consent::new(&self.0, client))
    }

    /// The same decision, reduced to the scopes that the user has selected. This includes `offline_access`: if it
    /// is not among `scopes`, the client gets no refresh token. Scopes that the decision did not have are not added.
    #[must_use]
    pub fn limited_to<'s>(mut self, scopes: impl IntoIterator<Item = &'s str>) -> Self {
        let selected: Vec<&str> = scopes.into_iter().collect();
        let access = self.0.access.narrowed(|scope| selected.contains(&scope));
        self.0.access = access.and_offline_access(selected.contains(&OFFLINE_ACCESS));
        self
    }

    /// Approves the request. Call this once the user has signed in and consented.
    pub fn approve(self) -> Approval {
        Approval::new(self.0)
    }

    /// Refuses the request because the user has pressed *deny* (`access_denied`). Call this once the user has signed
    /// in and has seen which client asks.
    ///
    /// A program on the user's device waits for the response until it times out. So the refusal contains a response
    /// to send if the redirect URI is `http` on a loopback host or has a private-use scheme. For `https` the refusal
    /// is a page with a [link](AuthorizationRefusal::link), unless the owner of the tenant allows that errors of
    /// this client are redirected ([`ErrorRedirectPolicy::AllowAlways`]).
    ///
    /// Call this only for the user's own choice. A server that calls it earlier is an open redirector, because
    /// anybody can register a client and send a browser here. Use [`refuse`](Self::refuse) for errors that the host
    /// finds.
    pub fn deny(self) -> AuthorizationRefusal {
        let is_sent = self.redirects_errors() || !self.0.redirect_uri.is_https();
        self.to_client(AuthorizationError::Denied, is_sent)
    }

    /// Refuses the request because the host can't continue. The refusal is a page with a
    /// [link](AuthorizationRefusal::link), or a response to send if the owner of the tenant allows that errors of
    /// this client are redirected ([`ErrorRedirectPolicy::AllowAlways`]).
    ///
    /// An error that is found before the redirect URI is known to be the client's is always a page without a link.
    /// [`Blocked`](AuthorizationError::Blocked), for a client that was blocked in the meantime, is one of these
    /// errors. For a client that was removed in the meantime, use [`AuthorizationRefusal::unknown_client`], which
    /// says where to register.
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

/// Leaves out `state` and `nonce`, which are the client's secrets.
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
