use serde::{Deserialize, Serialize};

use crate::types::{ordered_set::OrderedSet, security_mode::SecurityMode};

/// A grant that a client may use (RFC 7591 section 2). `password` is not supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GrantType {
    /// The authorization code grant (RFC 6749 section 4.1).
    AuthorizationCode,
    /// The refresh token grant (RFC 6749 section 6).
    RefreshToken,
    /// The implicit grant (RFC 6749 section 4.2), only in permissive mode.
    Implicit,
    /// The client credentials grant (RFC 6749 section 4.4), only in permissive mode.
    ClientCredentials,
    /// The device authorization grant (RFC 8628), only in permissive mode.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
}

impl GrantType {
    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::Implicit => "implicit",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
        }
    }

    /// Whether the grant begins at the authorization endpoint (RFC 6749 section 3.1).
    pub(crate) const fn begins_at_authorization_endpoint(self) -> bool {
        matches!(self, Self::AuthorizationCode | Self::Implicit)
    }

    /// The grants that a client created in `mode` can have.
    pub const fn allowed_in(mode: SecurityMode) -> &'static [Self] {
        match mode {
            SecurityMode::Strict => &[Self::AuthorizationCode, Self::RefreshToken],
            SecurityMode::Permissive => &[
                Self::AuthorizationCode,
                Self::RefreshToken,
                Self::Implicit,
                Self::ClientCredentials,
                Self::DeviceCode,
            ],
        }
    }
}

/// Grants that a client may use, without duplicates, in the order in which they were registered.
///
/// ```
/// use oauth_dcr::types::{GrantType, GrantTypes};
///
/// let listed = [GrantType::RefreshToken, GrantType::AuthorizationCode, GrantType::RefreshToken];
/// let grant_types: GrantTypes = listed.into_iter().collect();
/// assert!(grant_types.iter().eq([GrantType::RefreshToken, GrantType::AuthorizationCode]));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GrantTypes(OrderedSet<GrantType>);

impl GrantTypes {
    /// Whether the set contains `grant_type`.
    pub fn contains(&self, grant_type: GrantType) -> bool {
        self.0.contains(grant_type)
    }

    /// The grant types, in order.
    pub fn iter(&self) -> impl Iterator<Item = GrantType> + '_ {
        self.0.iter()
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<GrantType> for GrantTypes {
    fn from_iter<I: IntoIterator<Item = GrantType>>(grant_types: I) -> Self {
        Self(grant_types.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_writes_the_registered_name() {
        for grant in GrantType::allowed_in(SecurityMode::Permissive) {
            let written = serde_json::to_string(grant).unwrap();
            assert_eq!(written, format!("{:?}", grant.as_str()));
        }
    }
}
