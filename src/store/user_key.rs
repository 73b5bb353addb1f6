use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::types::TenantId;

/// Which user of a tenant a client belongs to, for the limit of
/// [`max_clients_per_user`](crate::settings::RegistrationSettings::max_clients_per_user).
///
/// It is a SHA-256 of the tenant and of the key that the host gave, so that every store keeps 32 bytes and
/// no name. Anyone who can guess the host's key for a user can compute the digest, so it is a pseudonym: it
/// does not make the user anonymous.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserKey([u8; 32]);

const DOMAIN: &[u8] = b"oauth-dcr user 1";

impl UserKey {
    /// The key of the user whom the host calls `user`, in any text that is the same each time.
    pub fn of(tenant: &TenantId, user: &str) -> Self {
        let mut hash = Sha256::new();
        // Digests have one length, which keeps the parts apart.
        for part in [DOMAIN, tenant.as_str().as_bytes(), user.as_bytes()] {
            hash.update(Sha256::digest(part));
        }
        Self(hash.finalize().into())
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

impl fmt::Debug for UserKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, third, fourth, ..] = self.0;
        write!(
            f,
            "UserKey({first:02x}{second:02x}{third:02x}{fourth:02x}…)"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_tenants_have_keys_of_their_own() {
        let tenant = |name| TenantId::parse(name).unwrap();
        let key = UserKey::of(&tenant("ab"), "c");
        assert_eq!(UserKey::of(&tenant("ab"), "c"), key);
        assert_ne!(UserKey::of(&tenant("a"), "bc"), key);
        assert_ne!(UserKey::of(&tenant("ab"), "C"), key);
        assert_ne!(UserKey::of(&tenant("ab"), ""), key);
    }
}
