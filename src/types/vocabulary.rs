//! The closed word lists of RFC 7591 and OpenID Connect Registration.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How much a client is trusted with; fixed when it is registered, for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecurityMode {
    /// Third-party profile: `tpc_` id, PKCE always, authorization code and refresh token only.
    #[default]
    Strict,
    /// The behaviour before the third-party profile, for tenants that ask for it.
    Permissive,
}

impl SecurityMode {
    /// The word that settings have for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Permissive => "permissive",
        }
    }
}

/// Whether a client can keep a secret (RFC 6749 section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientType {
    /// It has none, and proves itself by PKCE alone.
    Public,
    /// It has one.
    Confidential,
}

impl ClientType {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Confidential => "confidential",
        }
    }
}

/// What becomes of an authorization request that is refused after its redirect URI is known.
///
/// Anyone can register a client, so a redirect to it is a redirect to anywhere
/// (RFC 9700 section 4.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RedirectionPolicy {
    /// The user sees a page of the authorization server.
    OpenRedirectProtection,
    /// The user is sent to the client with the error (RFC 6749 section 4.1.2.1).
    AllowAlways,
}

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

    /// The method of that name, if it is one a registered client can have.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::None, Self::ClientSecretPost, Self::ClientSecretBasic];
        all.into_iter().find(|method| method.as_str() == name)
    }

    /// Whether a client with this method is public: it has no secret (RFC 6749 section 2.1).
    pub const fn is_public(self) -> bool {
        matches!(self, Self::None)
    }
}

/// A grant that a client may use (RFC 7591 section 2). `password` has no form here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GrantType {
    /// RFC 6749 section 4.1.
    AuthorizationCode,
    /// RFC 6749 section 6.
    RefreshToken,
    /// RFC 6749 section 4.2; permissive mode only.
    Implicit,
    /// RFC 6749 section 4.4; permissive mode only.
    ClientCredentials,
    /// RFC 8628; permissive mode only.
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

    /// Whether it begins at the authorization endpoint (RFC 6749 section 3.1).
    pub(crate) const fn begins_at_authorization_endpoint(self) -> bool {
        matches!(self, Self::AuthorizationCode | Self::Implicit)
    }

    /// The grants that a client born in `mode` can have.
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

/// A response type that a client may use (RFC 7591 section 2, OAuth 2.0 Multiple Response Types).
///
/// The words of a combination may come in any order; they are written in the order of the
/// specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ResponseType {
    /// The authorization code flow, the only one in strict mode.
    #[serde(rename = "code")]
    Code,
    /// Implicit flow, access token only.
    #[serde(rename = "token")]
    Token,
    /// Implicit flow, ID token only.
    #[serde(rename = "id_token")]
    IdToken,
    /// Implicit flow, both tokens.
    #[serde(rename = "id_token token")]
    IdTokenToken,
    /// Hybrid flow.
    #[serde(rename = "code id_token")]
    CodeIdToken,
    /// Hybrid flow.
    #[serde(rename = "code token")]
    CodeToken,
    /// Hybrid flow.
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

    /// The response types that a client born in `mode` can have.
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

    /// Whether it asks for an authorization code.
    pub const fn has_code(self) -> bool {
        matches!(
            self,
            Self::Code | Self::CodeIdToken | Self::CodeToken | Self::CodeIdTokenToken
        )
    }

    /// Whether it asks for a token straight from the authorization endpoint, whatever else it asks
    /// for.
    pub const fn is_implicit(self) -> bool {
        !matches!(self, Self::Code)
    }

    /// Whether the grants that it goes with are among `grant_types` (RFC 7591 section 2.1).
    pub(crate) fn has_its_grants(self, grant_types: OrderedSet<GrantType>) -> bool {
        (!self.has_code() || grant_types.contains(GrantType::AuthorizationCode))
            && (!self.is_implicit() || grant_types.contains(GrantType::Implicit))
    }

    /// Whether it asks for an ID token straight from there.
    pub const fn has_id_token(self) -> bool {
        matches!(
            self,
            Self::IdToken | Self::IdTokenToken | Self::CodeIdToken | Self::CodeIdTokenToken
        )
    }

    /// Whether `name` is this response type, its words in any order, none twice.
    pub fn is_spelled(self, name: &str) -> bool {
        let own = self.as_str();
        // Words that are all known and come to the same length are the same words.
        own.len() == name.len()
            && own
                .split(' ')
                .all(|word| name.split(' ').any(|it| it == word))
    }
}

/// What kind of application a client is (OpenID Connect Registration section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ApplicationType {
    /// Runs on a web server: its redirect URIs are https, and not loopback.
    Web,
    /// Runs on the user's device.
    Native,
}

impl ApplicationType {
    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Native => "native",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Web, Self::Native];
        all.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Different words of one list, in the order in which they came, without a heap allocation.
///
/// It has room for more words than any list of this module has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OrderedSet<T>([Option<T>; CAPACITY]);

const CAPACITY: usize = 8;

/// A word of one of the closed lists of this crate.
pub trait Word: Copy + PartialEq + sealed::Sealed {}

mod sealed {
    pub trait Sealed {}
}

impl sealed::Sealed for GrantType {}
impl sealed::Sealed for ResponseType {}
impl sealed::Sealed for TokenEndpointAuthMethod {}

impl Word for GrantType {}
impl Word for ResponseType {}
impl Word for TokenEndpointAuthMethod {}

impl<T: Word> OrderedSet<T> {
    /// The set with no members.
    pub const fn new() -> Self {
        Self([None; CAPACITY])
    }

    /// Adds `member` at the end, unless it is there already.
    pub fn insert(&mut self, member: T) {
        for slot in &mut self.0 {
            match slot {
                Some(known) if *known == member => return,
                Some(_) => {}
                None => {
                    *slot = Some(member);
                    return;
                }
            }
        }
    }

    /// Whether `member` is in the set.
    pub fn contains(&self, member: T) -> bool {
        self.0.contains(&Some(member))
    }

    /// The members, in order.
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.0.iter().map_while(|slot| *slot)
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

impl<T: Word + fmt::Debug> fmt::Debug for OrderedSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: Word> Default for OrderedSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Word> FromIterator<T> for OrderedSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(members: I) -> Self {
        let mut set = Self::new();
        members.into_iter().for_each(|member| set.insert(member));
        set
    }
}

impl<T: Word + Serialize> Serialize for OrderedSet<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, T: Word + Deserialize<'de>> Deserialize<'de> for OrderedSet<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<T>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: impl Serialize) -> String {
        serde_json::to_string(&value).unwrap()
    }

    #[test]
    fn what_serde_writes_is_the_registered_name() {
        for mode in [SecurityMode::Strict, SecurityMode::Permissive] {
            assert_eq!(written(mode), format!("{:?}", mode.as_str()));
        }
        for kind in [ClientType::Public, ClientType::Confidential] {
            assert_eq!(written(kind), format!("{:?}", kind.as_str()));
        }
        for grant in GrantType::allowed_in(SecurityMode::Permissive) {
            assert_eq!(written(grant), format!("{:?}", grant.as_str()));
        }
        for response in ResponseType::allowed_in(SecurityMode::Permissive) {
            assert_eq!(written(response), format!("{:?}", response.as_str()));
        }
        for name in ["none", "client_secret_post", "client_secret_basic"] {
            let method = TokenEndpointAuthMethod::from_name(name).unwrap();
            assert_eq!(written(method), format!("{name:?}"));
        }
    }

    #[test]
    fn a_combination_is_known_in_any_order_of_its_words() {
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
    fn a_set_keeps_the_first_of_each_in_order() {
        use GrantType::{AuthorizationCode, DeviceCode, Implicit, RefreshToken};
        let given = [
            RefreshToken,
            Implicit,
            RefreshToken,
            AuthorizationCode,
            Implicit,
        ];
        let set: OrderedSet<GrantType> = given.into_iter().collect();
        assert!(set.iter().eq([RefreshToken, Implicit, AuthorizationCode]));
        assert!(set.contains(Implicit) && !set.contains(DeviceCode));
        assert!(OrderedSet::<GrantType>::new().is_empty());
        let all = ResponseType::allowed_in(SecurityMode::Permissive);
        let whole: OrderedSet<ResponseType> = all.iter().copied().collect();
        assert_eq!(whole.iter().count(), all.len());
    }
}
