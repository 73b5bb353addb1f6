use std::{fmt, time::Duration};

use crate::{
    access::ApiAccess,
    authorization::{
        AuthorizationResponse, CodeBinding, Issued, code_binding, decision_content::DecisionContent,
    },
    types::{ClientId, ResponseType, Timestamp},
};

/// An authorization request that the user has consented to.
///
/// Only an approval leads to a code, and to a response that contains a code.
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

    /// What the host has to issue. It is [`ResponseType::Code`] for every strict client.
    pub const fn response_type(&self) -> ResponseType {
        self.0.response_type
    }

    /// The access that the client gets.
    pub const fn access(&self) -> &ApiAccess {
        &self.0.access
    }

    /// A parameter of the request that the host handles, as in
    /// [`AuthorizationDecision::parameter`](crate::authorization::AuthorizationDecision::parameter).
    /// If the host supports `dpop_jkt`, it has to bind it to the code (RFC 9449 section 10).
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.0.parameter(name)
    }

    /// The parameter `nonce`, for an ID token that the authorization endpoint itself issues.
    pub fn nonce(&self) -> Option<&str> {
        self.0.nonce.as_deref()
    }

    /// The binding to store beside the code. The code is valid until `lifetime` after `now`. A `lifetime` of more
    /// than ten minutes counts as ten (RFC 6749 section 4.1.2). One minute is plenty.
    ///
    /// The result is `None` if the response type asks for no code.
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

    /// The response to the client: the tokens and the code that were issued, with `state` and `iss`.
    ///
    /// A response with an access token also has `scope`: the requested scopes that were approved. It contains
    /// `offline_access` only if the client requested it and the response also has a code, which the client can
    /// exchange for a refresh token. The token endpoint has its own rule
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

/// Leaves out `state` and `nonce`, which are the client's secrets.
impl fmt::Debug for Approval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Approval")
            .field("client_id", &self.0.client_id)
            .field("access", &self.0.access)
            .finish_non_exhaustive()
    }
}
