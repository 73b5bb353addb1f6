use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    access::ApiAccess,
    kept::{self, Kept},
    values::{ClientId, TenantId, Timestamp},
};

/// What a refresh token stands for (RFC 6749 section 6).
///
/// Keep it on the server, beside a digest of the token and the user who consented. It serialises;
/// what is read back is what was written, or an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshBinding(Content);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Content {
    pub(super) tenant: TenantId,
    pub(super) client_id: ClientId,
    pub(super) access: ApiAccess,
    pub(super) expires_at: Timestamp,
}

impl RefreshBinding {
    pub(super) const fn new(content: Content) -> Self {
        Self(content)
    }

    pub(super) const fn content(&self) -> &Content {
        &self.0
    }

    /// The client that may use the token.
    pub const fn client_id(&self) -> &ClientId {
        &self.0.client_id
    }

    /// What it is good for.
    pub const fn access(&self) -> &ApiAccess {
        &self.0.access
    }

    /// When it ends.
    pub const fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }
}

impl Kept for Content {
    const KIND: &'static str = "refresh_binding";
}

impl Serialize for RefreshBinding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        kept::write(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for RefreshBinding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        kept::read(deserializer).map(Self)
    }
}
