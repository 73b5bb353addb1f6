use std::{fmt, time::Duration};

use crate::{
    access::ApiAccess,
    authorization::{
        AuthorizationResponse, CodeBinding, Issued, code_binding, decision_content::DecisionContent,
    },
    types::{ClientId, ResponseType, Timestamp},
};

/// An authorization request that the user has consented to: only this leads to a code and to an
/// answer that holds one.
#[derive(Clone, PartialEq, Eq)]
pub struct Approval(DecisionContent);

impl Approval {
    pub(super) const fn new(content: DecisionContent) -> Self {
        Self(content)
    }

    /// The client.
    pub const fn client_id(&self) -> &ClientId {
        &self.0.client_id
    }

    /// What is to be issued: [`ResponseType::Code`], for every strict client.
    pub const fn response_type(&self) -> ResponseType {
        self.0.response_type
    }

    /// What the client is given.
    pub const fn access(&self) -> &ApiAccess {
        &self.0.access
    }

    /// A parameter of the request that is left to the host, as
    /// [`AuthorizationDecision::parameter`](crate::authorization::AuthorizationDecision::parameter) has it.
    /// `dpop_jkt`, if the host supports it, is to be bound to the code (RFC 9449 section 10).
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.0.parameter(name)
    }

    /// `nonce`, for an ID token that is issued right away.
    pub fn nonce(&self) -> Option<&str> {
        self.0.nonce.as_deref()
    }

    /// What to bind to the code. The code is good until `lifetime` after `now`; more than ten
    /// minutes count as ten (RFC 6749 section 4.1.2), one is plenty.
    ///
    /// `None` if the response type asks for no code.
    pub fn code_binding(&self, now: Timestamp, lifetime: Duration) -> Option<CodeBinding> {
        let content = &self.0;
        content.response_type.has_code().then(|| {
            CodeBinding::new(code_binding::Content {
                tenant: content.tenant.clone(),
                client_id: content.client_id.clone(),
                redirect_uri: content.redirect_uri.clone(),
                redirect_uri_was_given: content.redirect_uri_was_given,
                challenge: content.challenge,
                access: content.access.clone(),
                nonce: content.nonce.clone(),
                expires_at: now.saturating_add(lifetime.min(CodeBinding::MAX_LIFETIME)),
            })
        })
    }

    /// The answer to the client: what was issued, with `state` and `iss`.
    ///
    /// An answer with an access token has `scope` as well: the requested scopes that were approved. It
    /// names `offline_access` only if the client requested it and a code comes with the access token, to be
    /// exchanged for a refresh token. The token endpoint has a rule of its own
    /// ([`TokenDecision::scope`](crate::token::TokenDecision::scope)).
    pub fn response(&self, issued: Issued) -> AuthorizationResponse {
        let scope = self.0.access.scope().map_or("", |scope| scope.as_str());
        AuthorizationResponse::new(
            self.0.redirect_uri.as_str(),
            self.0.response_mode,
            issued.parameters(self.0.response_type, scope),
            self.0.state.as_deref().into(),
            self.0.issuer.as_ref(),
        )
    }
}

/// Without `state` and `nonce`, which are the client's secrets.
impl fmt::Debug for Approval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Approval")
            .field("client_id", &self.0.client_id)
            .field("access", &self.0.access)
            .finish_non_exhaustive()
    }
}
