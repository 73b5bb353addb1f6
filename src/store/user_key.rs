use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::types::TenantId;

/// The user of a tenant that a client belongs to, for the limit
/// [`max_clients_per_user`](crate::settings::RegistrationSettings::max_clients_per_user).
///
/// The key is a SHA-256 of the tenant and of the name that the host uses for the user, so a store keeps 32 bytes
/// and no name. Anyone who can guess the name can compute the digest. It is therefore a pseudonym: it does not
/// make the user anonymous.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserKey([u8; 32]);

const DOMAIN: &[u8] = b"oauth-dcr user 1";

impl UserKey {
    /// The key of the user that the host calls `user`: any text that is the same each time.
    pub fn of(tenant: &TenantId, user: &str) -> Self {
        let mut hash = Sha256::new();
        // All digests have the same length, so the parts can't be confused.
        for part in [DOMAIN, tenant.as_str().as_bytes(), user.as_bytes()] {
            hash.update(Sha256::digest(part));
        }
        Self(hash.finalize().into())
    }

    /// The key that a store has read back.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
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
    fn keys_differ_by_user_and_tenant() {
        let tenant = |name| TenantId::parse(name).unwrap();
        let key = UserKey::of(&tenant("ab"), "c");
        assert_eq!(UserKey::of(&tenant("ab"), "c"), key);
        assert_ne!(UserKey::of(&tenant("a"), "bc"), key);
        assert_ne!(UserKey::of(&tenant("ab"), "C"), key);
        assert_ne!(UserKey::of(&tenant("ab"), ""), key);
    }
}
