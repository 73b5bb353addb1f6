use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::{
    registration::ClientMetadata,
    values::{RedirectPolicy, SecurityMode, TenantId},
};

/// What two public clients have in common that registered the same with one tenant: everything but
/// the ports that the tenant lets differ (RFC 8252 section 7.3).
///
/// It is a SHA-256 keyed by tenant and mode, over metadata in one canonical form. Nobody can make up
/// metadata that has another's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FoldKey([u8; 32]);

/// Another form of metadata needs another name here, or clients would fold that are not the same.
const DOMAIN: &[u8] = b"oauth-dcr fold 1";

impl FoldKey {
    /// The key of a client of `tenant` that is born in `mode` with `metadata`; `None` for a
    /// confidential one, which is never folded: its secret is its own.
    pub(crate) fn of(
        tenant: &TenantId,
        mode: SecurityMode,
        metadata: &ClientMetadata,
        policy: &RedirectPolicy,
    ) -> Option<Self> {
        if !metadata.token_endpoint_auth_method().is_public() {
            return None;
        }
        let mut hash = Sha256::new();
        // Lengths keep the parts apart.
        for part in [DOMAIN, tenant.as_str().as_bytes()] {
            hash.update(u64::try_from(part.len()).ok()?.to_be_bytes());
            hash.update(part);
        }
        hash.update([match mode {
            SecurityMode::Strict => 0,
            SecurityMode::Permissive => 1,
        }]);
        hash.update(metadata.to_canonical(policy).ok()?);
        Some(Self(hash.finalize().into()))
    }

    /// The key that a store has kept.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key, to keep.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for FoldKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, third, fourth, ..] = self.0;
        write!(
            f,
            "FoldKey({first:02x}{second:02x}{third:02x}{fourth:02x}…)"
        )
    }
}
