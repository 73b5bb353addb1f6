use crate::{
    client::Client,
    parameters::Parameter,
    token::{
        ClientCredentials, CodeExchange, DeviceExchange, RefreshExchange, TokenError as Error,
        TokenRefusal, authenticated::Authenticated,
    },
    types::GrantType,
};

/// A token request of an authenticated client that is registered for the grant.
#[derive(Debug)]
#[non_exhaustive]
pub enum TokenGrant<'a> {
    /// `authorization_code`
    AuthorizationCode(CodeExchange<'a>),
    /// `refresh_token`
    RefreshToken(RefreshExchange<'a>),
    /// `client_credentials`, for permissive clients.
    ClientCredentials(ClientCredentials<'a>),
    /// `urn:ietf:params:oauth:grant-type:device_code`, for permissive clients.
    DeviceCode(DeviceExchange<'a>),
}

impl<'a> TokenGrant<'a> {
    /// Sorts the request by its grant, and checks that the parameter that this grant requires is present.
    pub(super) fn of(request: Authenticated<'a>) -> Result<Self, TokenRefusal> {
        let grant_type = request.grant_type()?;
        Ok(match grant_type {
            GrantType::AuthorizationCode => {
                request.require(Parameter::Code)?;
                Self::AuthorizationCode(CodeExchange(request))
            }
            GrantType::RefreshToken => {
                request.require(Parameter::RefreshToken)?;
                Self::RefreshToken(RefreshExchange(request))
            }
            GrantType::ClientCredentials => Self::ClientCredentials(ClientCredentials(request)),
            GrantType::DeviceCode => {
                request.require(Parameter::DeviceCode)?;
                Self::DeviceCode(DeviceExchange(request))
            }
            // The implicit grant has no token request (RFC 6749 section 4.2).
            GrantType::Implicit => return Err(request.refuse(Error::UnsupportedGrantType)),
        })
    }

    /// The client.
    pub const fn client(&self) -> &Client {
        self.request().client
    }

    /// The refusal of a grant that the host does not support, even if the client registered it.
    pub const fn not_offered(&self) -> TokenRefusal {
        self.request().refuse(Error::UnsupportedGrantType)
    }

    const fn request(&self) -> &Authenticated<'a> {
        match self {
            Self::AuthorizationCode(CodeExchange(request))
            | Self::RefreshToken(RefreshExchange(request))
            | Self::ClientCredentials(ClientCredentials(request))
            | Self::DeviceCode(DeviceExchange(request)) => request,
        }
    }
}
