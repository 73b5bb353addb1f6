use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    access::{ApiAccess, StoredAccess},
    envelope::{self, Envelope},
    token::lookup::Bound,
    types::{ClientId, TenantId, Timestamp},
};

/// What a refresh token stands for (RFC 6749 section 6).
///
/// Store it on the server, beside a digest of the token, its family and the user who consented. Keep it until the
/// token expires, even after the token was replaced. Otherwise a replay is not noticed.
///
/// It serialises with a checksum, so a text that was truncated, mixed up or edited can't be read back. The checksum is
/// not a signature: anyone who edits the text can also renew the checksum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RefreshBinding(#[serde(with = "envelope")] Content);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Content {
    pub(super) tenant: TenantId,
    pub(super) client_id: ClientId,
    #[serde(with = "StoredAccess")]
    pub(super) access: ApiAccess,
    pub(super) began_at: Timestamp,
    pub(super) expires_at: Timestamp,
    /// Rows of older versions have no generation. Zero is left out, so that these rows and their checksums stay the
    /// same.
    #[serde(default, skip_serializing_if = "is_first")]
    pub(super) generation: u64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
const fn is_first(generation: &u64) -> bool {
    *generation == 0
}

impl RefreshBinding {
    /// The longest time for which one token is valid.
    pub const MAX_LIFETIME: Duration = Duration::from_hours(8760);

    pub(super) const fn new(content: Content) -> Self {
        Self(content)
    }

    /// The tenant.
    pub const fn tenant(&self) -> &TenantId {
        &self.0.tenant
    }

    /// The client that may use the token.
    pub const fn client_id(&self) -> &ClientId {
        &self.0.client_id
    }

    /// The access of the token.
    pub const fn access(&self) -> &ApiAccess {
        &self.0.access
    }

    /// When the first token of the family was issued. The user's consent is at least that old.
    pub const fn began_at(&self) -> Timestamp {
        self.0.began_at
    }

    /// When the token expires.
    pub const fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }

    /// The generation of the [family](crate::token::RefreshFamily) that the token belongs to.
    pub const fn generation(&self) -> u64 {
        self.0.generation
    }
}

impl Bound for RefreshBinding {
    fn tenant(&self) -> &TenantId {
        Self::tenant(self)
    }

    fn client_id(&self) -> &ClientId {
        Self::client_id(self)
    }

    fn expires_at(&self) -> Timestamp {
        Self::expires_at(self)
    }
}

impl Envelope for Content {
    const KIND: &'static str = "refresh_binding";
}
