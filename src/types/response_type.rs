use serde::{Deserialize, Serialize};

use crate::types::{
    grant_type::{GrantType, GrantTypes},
    ordered_set::OrderedSet,
    security_mode::SecurityMode,
};

/// A response type that a client may use (RFC 7591 section 2, OAuth 2.0 Multiple Response Types).
///
/// A client may send the words of a combination in any order. They are written in the order of the
/// specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ResponseType {
    /// Authorization code flow, the only flow in strict mode.
    #[serde(rename = "code")]
    Code,
    /// Implicit flow with only an access token.
    #[serde(rename = "token")]
    Token,
    /// Implicit flow with only an ID token.
    #[serde(rename = "id_token")]
    IdToken,
    /// Implicit flow with both tokens.
    #[serde(rename = "id_token token")]
    IdTokenToken,
    /// Hybrid flow with an ID token.
    #[serde(rename = "code id_token")]
    CodeIdToken,
    /// Hybrid flow with an access token.
    #[serde(rename = "code token")]
    CodeToken,
    /// Hybrid flow with both tokens.
    #[serde(rename = "code id_token token")]
    CodeIdTokenToken,
}

impl ResponseType {
    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Token => "token",
            Self::IdToken => "id_token",
            Self::IdTokenToken => "id_token token",
            Self::CodeIdToken => "code id_token",
            Self::CodeToken => "code token",
            Self::CodeIdTokenToken => "code id_token token",
        }
    }

    /// The response types that a client created in `mode` can have.
    pub const fn allowed_in(mode: SecurityMode) -> &'static [Self] {
        match mode {
            SecurityMode::Strict => &[Self::Code],
            SecurityMode::Permissive => &[
                Self::Code,
                Self::Token,
                Self::IdToken,
                Self::IdTokenToken,
                Self::CodeIdToken,
                Self::CodeToken,
                Self::CodeIdTokenToken,
            ],
        }
    }

    /// Whether the response contains an authorization code.
    pub const fn has_code(self) -> bool {
        matches!(
            self,
            Self::Code | Self::CodeIdToken | Self::CodeToken | Self::CodeIdTokenToken
        )
    }

    /// Whether the response of the authorization endpoint contains a token, with or without a code.
    pub const fn is_implicit(self) -> bool {
        !matches!(self, Self::Code)
    }

    /// Whether `grant_types` contains the grants that this response type needs (RFC 7591 section 2.1).
    pub(crate) fn has_its_grants(self, grant_types: GrantTypes) -> bool {
        (!self.has_code() || grant_types.contains(GrantType::AuthorizationCode))
            && (!self.is_implicit() || grant_types.contains(GrantType::Implicit))
    }

    /// Whether the response of the authorization endpoint contains an ID token.
    pub const fn has_id_token(self) -> bool {
        matches!(
            self,
            Self::IdToken | Self::IdTokenToken | Self::CodeIdToken | Self::CodeIdTokenToken
        )
    }

    /// Whether `name` is this response type, with its words in any order and no duplicate word.
    pub fn is_spelled(self, name: &str) -> bool {
        let registered = self.as_str();
        // If `name` has every registered word and the same length, it has no other word.
        registered.len() == name.len()
            && registered
                .split(' ')
                .all(|word| name.split(' ').any(|sent| sent == word))
    }
}

/// Response types that a client may use, without duplicates, in the order in which they were registered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResponseTypes(OrderedSet<ResponseType>);

impl ResponseTypes {
    /// Whether the set contains `response_type`.
    pub fn contains(&self, response_type: ResponseType) -> bool {
        self.0.contains(response_type)
    }

    /// The response types, in order.
    pub fn iter(&self) -> impl Iterator<Item = ResponseType> + '_ {
        self.0.iter()
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<ResponseType> for ResponseTypes {
    fn from_iter<I: IntoIterator<Item = ResponseType>>(response_types: I) -> Self {
        Self(response_types.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_writes_the_registered_name() {
        for response in ResponseType::allowed_in(SecurityMode::Permissive) {
            let written = serde_json::to_string(response).unwrap();
            assert_eq!(written, format!("{:?}", response.as_str()));
        }
    }

    #[test]
    fn words_of_a_combination_may_come_in_any_order() {
        assert!(ResponseType::CodeIdTokenToken.is_spelled("token code id_token"));
        assert!(ResponseType::CodeIdToken.is_spelled("id_token code"));
        for wrong in [
            "code",
            "code  id_token",
            "id_token id_token",
            "code code_token",
        ] {
            assert!(!ResponseType::CodeIdToken.is_spelled(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_set_has_room_for_every_response_type() {
        let all = ResponseType::allowed_in(SecurityMode::Permissive);
        let whole: ResponseTypes = all.iter().copied().collect();
        assert!(whole.iter().eq(all.iter().copied()));
    }
}
