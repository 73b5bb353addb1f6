use crate::{
    access::AccessRequest,
    parameters::Parameter,
    settings::SubjectType,
    token::{
        RefreshFamily, RefreshTokenAction, TokenDecision, TokenRefusal,
        authenticated::Authenticated,
    },
};

/// An authenticated request of a client that acts on its own behalf (RFC 6749 section 4.4).
#[derive(Debug)]
pub struct ClientCredentials<'a>(pub(super) Authenticated<'a>);

impl ClientCredentials<'_> {
    /// Decides which access the client gets, by the client grants whose subject is the client. The client gets no
    /// refresh token (RFC 6749 section 4.4.3).
    ///
    /// # Errors
    /// [`TokenError::Access`](crate::token::TokenError::Access) if the client can have nothing that it asks for.
    pub fn check(&self) -> Result<TokenDecision, TokenRefusal> {
        let parameters = &self.0.parameters;
        let wanted = AccessRequest {
            audience: parameters.get(Parameter::Audience),
            resource: parameters.get(Parameter::Resource),
            scope: parameters.get(Parameter::Scope),
            subject_type: SubjectType::Client,
        };
        let access = wanted.check(self.0.tenant, self.0.client);
        let access = access.map_err(|error| self.0.refuse(error.into()))?;
        Ok(TokenDecision {
            tenant: self.0.client.tenant().clone(),
            client_id: self.0.client.id().clone(),
            granted: access.clone(),
            access,
            refresh_token: RefreshTokenAction::None,
            family: RefreshFamily::unrotated(),
            began_at: self.0.now,
            nonce: None,
        })
    }
}
