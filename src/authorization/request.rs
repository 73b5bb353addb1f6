use std::{borrow::Cow, fmt};

use crate::{
    parameters::{self, Parameter, Parameters},
    types::ClientId,
};

/// An untrusted authorization request.
///
/// Reading a request never fails. [`authorize`](Self::authorize) consumes the request and says what is wrong with
/// it, because whether the response may be a redirect depends on the client.
///
/// ```
/// use oauth_dcr::authorization::AuthorizationRequest;
///
/// let request = AuthorizationRequest::from_query("response_type=code&client_id=tpc_1");
/// assert_eq!(request.client_id().unwrap().as_str(), "tpc_1");
/// ```
pub struct AuthorizationRequest<'a>(pub(super) Parameters<'a>);

impl<'a> AuthorizationRequest<'a> {
    /// The most bytes of a query or form that are read. A larger request is refused.
    pub const MAX_BYTES: usize = parameters::MAX_BYTES;

    /// Reads the request from a query or a form (`application/x-www-form-urlencoded`) that is still encoded.
    pub fn from_query(query: &'a str) -> Self {
        Self(Parameters::from_encoded(query))
    }

    /// Reads the request from decoded pairs, in the order in which they were received. Leave none out: duplicates
    /// and unknown parameters count, too.
    pub fn from_pairs<K, V>(pairs: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<Cow<'a, str>>,
        V: Into<Cow<'a, str>>,
    {
        Self(Parameters::from_pairs(pairs))
    }

    /// The client to look up. `None` if the request names no client that could exist. Then pass `None` to the
    /// check.
    pub fn client_id(&self) -> Option<ClientId> {
        ClientId::parse(self.0.get(Parameter::ClientId)?).ok()
    }
}

/// Shows no values: some are secret.
impl fmt::Debug for AuthorizationRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AuthorizationRequest")
            .field(&self.0)
            .finish()
    }
}
