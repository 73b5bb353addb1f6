//! Reading requested scopes.

use crate::types;

/// Scopes that no API has: they are about the user's identity or, the last, about a refresh token
/// (OpenID Connect Core sections 5.4 and 11).
const IDENTITY: [&str; 4] = ["openid", "profile", "email", OFFLINE_ACCESS];
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";

/// Bytes of a requested scope, at most.
const MAX_BYTES: usize = 4096;

/// Whether `text` is a scope of tolerable length (RFC 6749 section 3.3). It may hold no token.
pub(super) fn is_scope(text: &str) -> bool {
    text.len() <= MAX_BYTES && types::is_scope(text)
}

pub(crate) fn is_identity(token: &str) -> bool {
    IDENTITY.contains(&token)
}
