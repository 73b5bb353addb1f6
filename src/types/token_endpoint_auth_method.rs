use serde::{Deserialize, Serialize};

use crate::types::ordered_set::OrderedSet;

/// How a client authenticates at the token endpoint (RFC 7591 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TokenEndpointAuthMethod {
    /// A public client: it has no secret and proves itself by PKCE alone.
    None,
    /// A confidential client that sends its secret in the form body.
    ClientSecretPost,
    /// A confidential client that sends its secret in the `Authorization` header.
    ClientSecretBasic,
}

impl TokenEndpointAuthMethod {
    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretBasic => "client_secret_basic",
        }
    }

    /// The method with this registered name, if a registered client can have it.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::None, Self::ClientSecretPost, Self::ClientSecretBasic];
        all.into_iter().find(|method| method.as_str() == name)
    }

    /// Whether a client with this method is public, which means that it has no secret
    /// (RFC 6749 section 2.1).
    pub const fn is_public(self) -> bool {
        matches!(self, Self::None)
    }
}

/// Authentication methods that a tenant accepts, without duplicates, in the order in which they were
/// listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenEndpointAuthMethods(OrderedSet<TokenEndpointAuthMethod>);

impl TokenEndpointAuthMethods {
    /// Adds `method` at the end, unless the set contains it already.
    pub fn insert(&mut self, method: TokenEndpointAuthMethod) {
        self.0.insert(method);
    }

    /// Whether the set contains `method`.
    pub fn contains(&self, method: TokenEndpointAuthMethod) -> bool {
        self.0.contains(method)
    }

    /// The methods, in order.
    pub fn iter(&self) -> impl Iterator<Item = TokenEndpointAuthMethod> + '_ {
        self.0.iter()
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<TokenEndpointAuthMethod> for TokenEndpointAuthMethods {
    fn from_iter<I: IntoIterator<Item = TokenEndpointAuthMethod>>(methods: I) -> Self {
        Self(methods.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_writes_the_registered_name() {
        for name in ["none", "client_secret_post", "client_secret_basic"] {
            let method = TokenEndpointAuthMethod::from_name(name).unwrap();
            let written = serde_json::to_string(&method).unwrap();
            assert_eq!(written, format!("{name:?}"));
        }
    }
}
