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
/// Keep it on the server, beside a digest of the token, its family and the user who consented. Keep it
/// for as long as it lives, also after it was replaced: only then is a replay noticed. It serialises,
/// with a checksum that is no signature: what was cut, mixed up or edited without renewing that is
/// not read back.
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
    /// Rows from before there were generations have none. Zero is left out, so that such a row and its
    /// checksum stay the same.
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
    /// The longest that one token is good for.
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

    /// What it is good for.
    pub const fn access(&self) -> &ApiAccess {
        &self.0.access
    }

    /// When the first token of its family was issued: the user's consent is at least that old.
    pub const fn began_at(&self) -> Timestamp {
        self.0.began_at
    }

    /// When it ends.
    pub const fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }

    /// The generation of its [family](crate::token::RefreshFamily) to which it belongs.
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
