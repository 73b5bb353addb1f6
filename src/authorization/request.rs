use std::{borrow::Cow, fmt};

use crate::{
    parameters::{self, Parameter, Parameters},
    types::ClientId,
};

/// An authorization request as it came: untrusted.
///
/// Reading a request never fails. [`authorize`](Self::authorize) consumes it and says what is wrong
/// with it, because only the client decides whether the answer may be a redirect.
///
/// ```
/// use oauth_dcr::authorization::AuthorizationRequest;
///
/// let request = AuthorizationRequest::from_query("response_type=code&client_id=tpc_1");
/// assert_eq!(request.client_id().unwrap().as_str(), "tpc_1");
/// ```
pub struct AuthorizationRequest<'a>(pub(super) Parameters<'a>);

impl<'a> AuthorizationRequest<'a> {
    /// The most that is read, in bytes of a query or form. A larger request is refused.
    pub const MAX_BYTES: usize = parameters::MAX_BYTES;

    /// The request in a query or a form (`application/x-www-form-urlencoded`), still encoded.
    pub fn from_query(query: &'a str) -> Self {
        Self(Parameters::from_encoded(query))
    }

    /// The request of these pairs, decoded, in the order in which they came. Leave none out:
    /// duplicates and parameters that nobody knows count, too.
    pub fn from_pairs<K, V>(pairs: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<Cow<'a, str>>,
        V: Into<Cow<'a, str>>,
    {
        Self(Parameters::from_pairs(pairs))
    }

    /// The client to look up. `None` if the request names none that could exist: then hand `None` to
    /// the check.
    pub fn client_id(&self) -> Option<ClientId> {
        ClientId::parse(self.0.get(Parameter::ClientId)?).ok()
    }
}

/// Shows no value: some are secret.
impl fmt::Debug for AuthorizationRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AuthorizationRequest")
            .field(&self.0)
            .finish()
    }
}
