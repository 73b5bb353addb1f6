use std::{borrow::Cow, fmt};

use crate::{
    access::AccessError,
    client::Client,
    parameters::{self, Parameter, ParameterFault, Parameters},
    settings::TenantSettings,
    token::{
        ClientAuthError, TokenError as Error, TokenGrant, TokenRefusal, exchange::Authenticated,
        header::Header,
    },
    values::{ClientId, SecretDigest, Timestamp, TokenEndpointAuthMethod},
};

/// A token request as it came: untrusted.
///
/// ```
/// use oauth_dcr::TokenRequest;
///
/// let request = TokenRequest::from_form("grant_type=refresh_token&client_id=tpc_1", None);
/// assert_eq!(request.client_id().unwrap().as_str(), "tpc_1");
/// ```
pub struct TokenRequest<'a> {
    parameters: Parameters<'a>,
    header: Header,
}

/// How the client says who it is. Its secret is where it came from; nothing is copied.
struct Presented<'a> {
    client_id: &'a str,
    method: TokenEndpointAuthMethod,
    secret: Option<&'a str>,
}

impl<'a> TokenRequest<'a> {
    /// The most that is read, in bytes of a form. A larger one is refused: bound the body by this
    /// before it is read.
    pub const MAX_BYTES: usize = parameters::MAX_BYTES;

    /// The request in a form (`application/x-www-form-urlencoded`), still encoded, and the value of
    /// the `Authorization` header, if there is one.
    pub fn from_form(form: &'a str, authorization: Option<&[u8]>) -> Self {
        Self {
            parameters: Parameters::from_encoded(form),
            header: Header::read(authorization),
        }
    }

    /// The request of these pairs, decoded, in the order in which they came, and the value of the
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

    /// The client to look up. `None` if the request names none that could exist: then hand `None` to
    /// the check.
    pub fn client_id(&self) -> Option<ClientId> {
        let named = match &self.header {
            Header::Basic { client_id, .. } => client_id,
            _ => self.parameters.get(Parameter::ClientId)?,
        };
        ClientId::parse(named).ok()
    }

    /// Authenticates `client`, which is what the host found under [`client_id`](Self::client_id) in
    /// this tenant, by the method that it registered, and checks that it may use the grant. All that
    /// is decided about the request is decided as of `now`.
    ///
    /// Do the same whether there is a client or not: hand over `None`, and the same work is done for
    /// nobody, with the same answer as for a wrong secret.
    ///
    /// # Errors
    /// [`TokenRefusal`], whose `to_response` is the answer.
    pub fn authenticate(
        self,
        tenant: &'a TenantSettings,
        client: Option<&'a Client>,
        now: Timestamp,
    ) -> Result<TokenGrant<'a>, TokenRefusal> {
        let request = self.authenticated(Parameter::GrantType, tenant, client, now)?;
        let used_authorization_header = request.used_authorization_header;
        request.grant().map_err(|error| TokenRefusal {
            error,
            used_authorization_header,
        })
    }

    /// The request with the client that made it; it has to have the parameter `required`.
    pub(super) fn authenticated(
        self,
        required: Parameter,
        tenant: &'a TenantSettings,
        client: Option<&'a Client>,
        now: Timestamp,
    ) -> Result<Authenticated<'a>, TokenRefusal> {
        let used_authorization_header = self.header.is_present();
        let refuse = |error| TokenRefusal {
            error,
            used_authorization_header,
        };
        self.check_names(required).map_err(refuse)?;
        let client = self
            .presented()
            .and_then(|presented| presented.by(tenant, client))
            .map_err(|error| refuse(Error::InvalidClient(error)))?;
        Ok(Authenticated {
            parameters: self.parameters,
            used_authorization_header,
            tenant,
            client,
            now,
        })
    }

    fn check_names(&self, required: Parameter) -> Result<(), Error> {
        match self.parameters.fault() {
            None => {}
            Some(ParameterFault::TooLarge) => return Err(Error::TooLarge),
            Some(ParameterFault::SeveralResources) => {
                return Err(AccessError::SeveralResources.into());
            }
            Some(ParameterFault::Repeated(parameter)) => {
                let parameter = parameter.as_str();
                return Err(Error::Repeated { parameter });
            }
            Some(ParameterFault::OtherRepeated) => {
                let parameter = "a parameter";
                return Err(Error::Repeated { parameter });
            }
        }
        match self.parameters.get(required) {
            Some(_) => Ok(()),
            None => Err(missing(required)),
        }
    }

    /// Who the client says it is, by one method only (RFC 6749 section 2.3).
    fn presented(&self) -> Result<Presented<'_>, ClientAuthError> {
        let get = |parameter| self.parameters.get(parameter);
        let (id_in_form, secret_in_form) = (get(Parameter::ClientId), get(Parameter::ClientSecret));
        if get(Parameter::ClientAssertion).is_some()
            || get(Parameter::ClientAssertionType).is_some()
        {
            return Err(ClientAuthError::WrongMethod);
        }
        match &self.header {
            Header::Absent => Ok(Presented {
                client_id: id_in_form.ok_or(ClientAuthError::NoClient)?,
                method: match secret_in_form {
                    Some(_) => TokenEndpointAuthMethod::ClientSecretPost,
                    None => TokenEndpointAuthMethod::None,
                },
                secret: secret_in_form,
            }),
            Header::Unusable => Err(ClientAuthError::UnusableHeader),
            Header::Basic { .. } if secret_in_form.is_some() => Err(ClientAuthError::WrongMethod),
            Header::Basic { client_id, secret } => {
                if id_in_form.is_some_and(|id| *id != **client_id) {
                    return Err(ClientAuthError::UnusableHeader);
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
    /// The client, if it is `client` and shows that by its registered method.
    fn by<'c>(
        &self,
        tenant: &TenantSettings,
        client: Option<&'c Client>,
    ) -> Result<&'c Client, ClientAuthError> {
        let is_it = |it: &&Client| it.tenant() == &tenant.id && it.id().as_str() == self.client_id;
        let client = client.filter(is_it);
        // Whoever the client is, a secret that is presented is hashed and compared, once.
        let digest = client
            .and_then(Client::secret_digest)
            .unwrap_or(&SecretDigest::OF_NOBODY);
        let is_right = self.secret.map(|secret| digest.matches(secret));
        let client = client.ok_or(ClientAuthError::UnknownClient)?;
        if self.method != client.metadata().token_endpoint_auth_method() {
            return Err(ClientAuthError::WrongMethod);
        }
        if is_right == Some(false) {
            return Err(ClientAuthError::WrongSecret);
        }
        if client.is_blocked() {
            return Err(ClientAuthError::Blocked);
        }
        Ok(client)
    }
}

pub(super) const fn missing(parameter: Parameter) -> Error {
    let parameter = parameter.as_str();
    Error::Missing { parameter }
}

/// Shows no value: most are secret.
impl fmt::Debug for TokenRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest")
            .field("parameters", &self.parameters)
            .field("used_authorization_header", &self.header.is_present())
            .finish()
    }
}
