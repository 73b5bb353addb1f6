use std::{borrow::Cow, fmt};

use crate::{
    client::Client,
    parameters::{self, Parameter, Parameters},
    settings::TenantSettings,
    token::{
        ClientAuthenticationError, TokenError as Error, TokenGrant, TokenRefusal,
        authenticated::Authenticated, header::Header,
    },
    types::{ClientId, SecretDigest, Timestamp, TokenEndpointAuthMethod},
};

/// The parameters that a token request is read for. Other parameters are ignored, however often they occur.
const READ: [Parameter; 13] = [
    Parameter::Audience,
    Parameter::ClientId,
    Parameter::ClientAssertion,
    Parameter::ClientAssertionType,
    Parameter::ClientSecret,
    Parameter::Code,
    Parameter::CodeVerifier,
    Parameter::DeviceCode,
    Parameter::GrantType,
    Parameter::RedirectUri,
    Parameter::RefreshToken,
    Parameter::Resource,
    Parameter::Scope,
];

/// An untrusted token request.
///
/// ```
/// use oauth_dcr::token::TokenRequest;
///
/// let request = TokenRequest::from_form("grant_type=refresh_token&client_id=tpc_1", None);
/// assert_eq!(request.client_id().unwrap().as_str(), "tpc_1");
/// ```
pub struct TokenRequest<'a> {
    parameters: Parameters<'a>,
    header: Header,
}

/// The credentials that the client presents, borrowed from the request so that the secret is not copied.
struct Presented<'a> {
    client_id: &'a str,
    method: TokenEndpointAuthMethod,
    secret: Option<&'a str>,
}

impl<'a> TokenRequest<'a> {
    /// The most bytes of a form that are read. A larger form is refused. Limit the body to this size while you read
    /// it.
    pub const MAX_BYTES: usize = parameters::MAX_BYTES;

    /// Reads the request from a form (`application/x-www-form-urlencoded`) that is still encoded, and from the value
    /// of the `Authorization` header, if there is one. Refuse a request that has several of these headers, because
    /// they may name different clients.
    pub fn from_form(form: &'a str, authorization: Option<&[u8]>) -> Self {
        Self {
            parameters: Parameters::from_encoded(form),
            header: Header::read(authorization),
        }
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
        Self {
            parameters: Parameters::from_pairs(pairs),
            header: Header::read(authorization),
        }
    }

    /// The client to look up. `None` if the request names no client that could exist. Then pass `None` to
    /// [`authenticate`](Self::authenticate).
    pub fn client_id(&self) -> Option<ClientId> {
        let named = match &self.header {
            Header::Basic { client_id, .. } => client_id,
            _ => self.parameters.get(Parameter::ClientId)?,
        };
        ClientId::parse(named).ok()
    }

    /// Authenticates `client` by the method that it registered, and checks that it may use the grant. `client` is the
    /// client that the host found in this tenant for [`client_id`](Self::client_id). The whole request is decided by
    /// the time `now`.
    ///
    /// If the host finds no client, pass `None`. The same work is then done, with the same response as for a wrong
    /// secret, so nobody learns from the response or its time whether a client exists.
    ///
    /// # Errors
    /// [`TokenRefusal`], whose `to_response` is the response.
    pub fn authenticate(
        self,
        tenant: &'a TenantSettings,
        client: Option<&'a Client>,
        now: Timestamp,
    ) -> Result<TokenGrant<'a>, TokenRefusal> {
        TokenGrant::of(self.authenticated(Parameter::GrantType, &READ, tenant, client, now)?)
    }

    /// The request with the client that sent it. It must have the parameter `required`, and must not repeat a
    /// parameter in `read`.
    pub(super) fn authenticated(
        self,
        required: Parameter,
        read: &[Parameter],
        tenant: &'a TenantSettings,
        client: Option<&'a Client>,
        now: Timestamp,
    ) -> Result<Authenticated<'a>, TokenRefusal> {
        let used_authorization_header = self.header.is_present();
        let refuse = |error| TokenRefusal {
            error,
            used_authorization_header,
            methods: tenant.registration.token_endpoint_auth_methods,
        };
        self.check_names(required, read).map_err(refuse)?;
        let client = self
            .presented()
            .and_then(|presented| presented.by(tenant, client, now))
            .map_err(|error| refuse(Error::InvalidClient(error)))?;
        Ok(Authenticated {
            parameters: self.parameters,
            used_authorization_header,
            tenant,
            client,
            now,
        })
    }

    fn check_names(&self, required: Parameter, read: &[Parameter]) -> Result<(), Error> {
        self.parameters.check(read)?;
        match self.parameters.get(required) {
            Some(_) => Ok(()),
            None => Err(Error::missing(required)),
        }
    }

    /// The credentials that the client presents, by exactly one method (RFC 6749 section 2.3).
    fn presented(&self) -> Result<Presented<'_>, ClientAuthenticationError> {
        let get = |parameter| self.parameters.get(parameter);
        let (id_in_form, secret_in_form) = (get(Parameter::ClientId), get(Parameter::ClientSecret));
        if get(Parameter::ClientAssertion).is_some()
            || get(Parameter::ClientAssertionType).is_some()
        {
            return Err(ClientAuthenticationError::WrongMethod);
        }
        match &self.header {
            Header::Absent => Ok(Presented {
                client_id: id_in_form.ok_or(ClientAuthenticationError::NoClient)?,
                method: match secret_in_form {
                    Some(_) => TokenEndpointAuthMethod::ClientSecretPost,
                    None => TokenEndpointAuthMethod::None,
                },
                secret: secret_in_form,
            }),
            Header::Unusable => Err(ClientAuthenticationError::UnusableHeader),
            Header::Basic { .. } if secret_in_form.is_some() => {
                Err(ClientAuthenticationError::WrongMethod)
            }
            Header::Basic { client_id, secret } => {
                if id_in_form.is_some_and(|id| *id != **client_id) {
                    return Err(ClientAuthenticationError::UnusableHeader);
                }
                Ok(Presented {
                    client_id,
                    method: TokenEndpointAuthMethod::ClientSecretBasic,
                    secret: Some(secret),
                })
            }
        }
    }
}

impl Presented<'_> {
    /// Returns `client` if the credentials name it and authenticate it by its registered method.
    fn by<'c>(
        &self,
        tenant: &TenantSettings,
        client: Option<&'c Client>,
        now: Timestamp,
    ) -> Result<&'c Client, ClientAuthenticationError> {
        let is_same = |client: &&Client| {
            client.tenant() == &tenant.id && client.id().as_str() == self.client_id
        };
        let client = client.filter(is_same);
        // Whichever client is named, the presented secret is hashed once and compared twice.
        let digests = [
            client.and_then(Client::secret_digest),
            client.and_then(|client| client.previous_secret_digest(now)),
        ];
        let digests = digests.map(|digest| digest.unwrap_or(&SecretDigest::OF_NOBODY));
        let is_right = self
            .secret
            .map(|secret| SecretDigest::any_matches(digests, secret));
        let client = client.ok_or(ClientAuthenticationError::UnknownClient)?;
        if self.method != client.metadata().token_endpoint_auth_method() {
            return Err(ClientAuthenticationError::WrongMethod);
        }
        if is_right == Some(false) {
            return Err(ClientAuthenticationError::WrongSecret);
        }
        if client.is_blocked() {
            return Err(ClientAuthenticationError::Blocked);
        }
        Ok(client)
    }
}

/// Shows no values: most are secret.
impl fmt::Debug for TokenRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest")
            .field("parameters", &self.parameters)
            .field("used_authorization_header", &self.header.is_present())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::COMPARED;

    /// A client that is registered for `method`.
    fn client(method: &str) -> Client {
        let digest = match method {
            "none" => serde_json::Value::Null,
            _ => SecretDigest::of("s3cret").to_tagged().into(),
        };
        let record = serde_json::json!({
            "version": 1, "tenant": "default", "client_id": "tpc_1", "issued_at": 0,
            "security_mode": "strict", "secret_digest": digest,
            "metadata": {
                "redirect_uris": ["https://app.example.com/cb"],
                "token_endpoint_auth_method": method,
            },
        });
        serde_json::from_value(record).unwrap()
    }

    /// How many secrets are compared to answer `form`.
    fn work(client: Option<&Client>, form: &str) -> u32 {
        let before = COMPARED.get();
        let tenant = TenantSettings::new();
        let now = Timestamp::from_unix_seconds(0);
        let _ = TokenRequest::from_form(form, None).authenticate(&tenant, client, now);
        COMPARED.get() - before
    }

    #[test]
    fn the_work_does_not_depend_on_the_client() {
        let (public, confidential) = (client("none"), client("client_secret_post"));
        let by_header = client("client_secret_basic");
        let blocked = client("client_secret_post").with_blocked(true);
        let clients = [
            None,
            Some(&public),
            Some(&confidential),
            Some(&by_header),
            Some(&blocked),
        ];
        for secret in ["guess", "s3cret"] {
            let form = format!("grant_type=refresh_token&client_id=tpc_1&client_secret={secret}");
            assert_eq!(clients.map(|client| work(client, &form)), [1; 5]);
        }
        let bare = "grant_type=refresh_token&client_id=tpc_1";
        assert_eq!(clients.map(|client| work(client, bare)), [0; 5]);
    }
}
