use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// The name of a tenant, which is one customer's authorization server.
///
/// It has 1 to 128 characters from `A-Z a-z 0-9 . _ : -`, so a log line, a key or a path can contain it
/// unescaped. Cloning is cheap, because clones share the text.
///
/// ```
/// use oauth_dcr::TenantId;
///
/// assert!(TenantId::parse("acme").is_ok());
/// assert!(TenantId::parse("acme corp").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantId(Arc<str>);

/// A tenant id is empty, longer than 128 characters, or has a character outside `A-Z a-z 0-9 . _ : -`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tenant id is 1 to 128 characters from A-Z a-z 0-9 . _ : -")]
pub struct InvalidTenantId;

impl TenantId {
    /// The length of the longest tenant id, in characters.
    pub const MAX_CHARS: usize = 128;

    /// Reads the tenant id in `text`.
    ///
    /// # Errors
    /// [`InvalidTenantId`] if `text` is empty, too long, or has another character.
    pub fn parse(text: &str) -> Result<Self, InvalidTenantId> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
        if text.is_empty() || text.len() > Self::MAX_CHARS || !text.bytes().all(legal) {
            return Err(InvalidTenantId);
        }
        Ok(Self(text.into()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tenant of a host that has only one tenant.
    pub(crate) fn sole() -> Self {
        Self("default".into())
    }
}

impl TryFrom<String> for TenantId {
    type Error = InvalidTenantId;

    fn try_from(text: String) -> Result<Self, InvalidTenantId> {
        Self::parse(&text)
    }
}

impl From<TenantId> for String {
    fn from(id: TenantId) -> Self {
        id.as_str().to_owned()
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TenantId({:?})", &*self.0)
    }
}
