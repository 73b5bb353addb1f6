use std::{borrow::Cow, fmt};

use crate::{
    client::Client,
    parameters::Parameter,
    settings::TenantSettings,
    token::{TokenRefusal, TokenRequest, authenticated::Authenticated},
    types::{ClientId, Timestamp},
};

/// The parameters that a revocation request is read for. Other parameters are ignored, however often they occur.
const READ: [Parameter; 5] = [
    Parameter::ClientId,
    Parameter::ClientAssertion,
    Parameter::ClientAssertionType,
    Parameter::ClientSecret,
    Parameter::Token,
];

/// An untrusted revocation request (RFC 7009 section 2.1).
///
/// ```
/// use oauth_dcr::{token::RevocationRequest, Client, TenantSettings, Timestamp};
///
/// fn answer(tenant: &TenantSettings, client: Option<&Client>, form: &str, now: Timestamp) -> u16 {
///     match RevocationRequest::from_form(form, None).authenticate(tenant, client, now) {
///         // Revoke `token()` if it belongs to the client. An unknown token, or a token of another client, is not
///         // an error, so nobody learns which tokens exist (RFC 7009 section 2.2).
///         Ok(_revocation) => 200,
///         Err(refusal) => refusal.to_response().status().as_u16(),
///     }
/// }
/// # let now = Timestamp::from_unix_seconds(0);
/// # let status = answer(&TenantSettings::new(), None, "token=t&client_id=tpc_1", now);
/// # assert_eq!(status, 401);
/// ```
pub struct RevocationRequest<'a>(TokenRequest<'a>);

impl<'a> RevocationRequest<'a> {
    /// The most bytes of a form that are read. A larger form is refused. Limit the body to this size while you read
    /// it.
    pub const MAX_BYTES: usize = TokenRequest::MAX_BYTES;

    /// Reads the request from a form (`application/x-www-form-urlencoded`) that is still encoded, and from the value
    /// of the `Authorization` header, if there is one.
    pub fn from_form(form: &'a str, authorization: Option<&[u8]>) -> Self {
        Self(TokenRequest::from_form(form, authorization))
    }

    /// Reads the request from decoded pairs, in the order in which they were received, and from the value of the
    /// `Authorization` header. Leave no pair out: duplicates count, too.
    pub fn from_pairs<K, V>(
        pairs: impl IntoIterator<Item = (K, V)>,
        authorization: Option<&[u8]>,
    ) -> Self
    where
        K: Into<Cow<'a, str>>,
        V: Into<Cow<'a, str>>,
    {
        Self(TokenRequest::from_pairs(pairs, authorization))
    }

    /// The client to look up. `None` if the request names no client that could exist. Then pass `None` to
    /// [`authenticate`](Self::authenticate).
    pub fn client_id(&self) -> Option<ClientId> {
        self.0.client_id()
    }

    /// Authenticates `client` in the same way as [`TokenRequest::authenticate`]. `client` is the client that the host
    /// found in this tenant for [`client_id`](Self::client_id).
    ///
    /// # Errors
    /// [`TokenRefusal`], whose `to_response` is the response.
    pub fn authenticate(
        self,
        tenant: &'a TenantSettings,
        client: Option<&'a Client>,
        now: Timestamp,
    ) -> Result<Revocation<'a>, TokenRefusal> {
        let request = self
            .0
            .authenticated(Parameter::Token, &READ, tenant, client, now)?;
        Ok(Revocation(request))
    }
}

/// Shows no values: most are secret.
impl fmt::Debug for RevocationRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RevocationRequest").field(&self.0).finish()
    }
}

/// An authenticated request to revoke a token.
///
/// When you revoke a refresh token, revoke everything that came from the same consent, including access tokens
/// (RFC 7009 section 2.1). `token_type_hint` is only a hint, and is ignored.
#[derive(Debug)]
pub struct Revocation<'a>(Authenticated<'a>);

impl Revocation<'_> {
    /// The token, as presented. It is secret, and it may belong to another client.
    pub fn token(&self) -> &str {
        self.0.value(Parameter::Token)
    }

    /// The client.
    pub const fn client(&self) -> &Client {
        self.0.client
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{ClientAuthenticationError, TokenError};

    fn error(form: &str) -> TokenError {
        let tenant = TenantSettings::new();
        let request = RevocationRequest::from_form(form, None);
        let now = Timestamp::from_unix_seconds(0);
        request
            .authenticate(&tenant, None, now)
            .unwrap_err()
            .error()
    }

    #[test]
    fn the_token_is_required() {
        let missing = TokenError::Missing { parameter: "token" };
        assert_eq!(error("client_id=tpc_1"), missing);
        assert_eq!(error("client_id=tpc_1&token="), missing);
    }

    #[test]
    fn a_known_parameter_may_not_be_repeated() {
        for parameter in [
            "client_assertion",
            "client_assertion_type",
            "client_id",
            "client_secret",
            "token",
        ] {
            let form = format!("{parameter}=a&{parameter}=a");
            assert_eq!(error(&form), TokenError::Repeated { parameter });
        }
    }

    #[test]
    fn an_unknown_parameter_may_be_repeated() {
        let unknown = TokenError::InvalidClient(ClientAuthenticationError::UnknownClient);
        let hints = "token_type_hint=a&token_type_hint=b&token=&client_id=";
        assert_eq!(error(&format!("client_id=tpc_1&token=a&{hints}")), unknown);
    }

    #[test]
    fn an_unauthenticated_client_revokes_nothing() {
        let unknown = TokenError::InvalidClient(ClientAuthenticationError::UnknownClient);
        assert_eq!(error("token=a&client_id=tpc_1"), unknown);
        let nobody = TokenError::InvalidClient(ClientAuthenticationError::NoClient);
        assert_eq!(error("token=a"), nobody);
    }

    #[test]
    fn debug_shows_no_token() {
        let request = RevocationRequest::from_form("client_id=tpc_1&token=hunter2", None);
        assert!(!format!("{request:?}").contains("hunter2"));
    }
}
