//! Reading requested scopes.

use crate::types;

/// Scopes that belong to no API: they ask for the user's identity or, in the case of `offline_access`, for a
/// refresh token (OpenID Connect Core sections 5.4 and 11).
const IDENTITY: [&str; 4] = ["openid", "profile", "email", OFFLINE_ACCESS];
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";

/// The most bytes of a requested scope.
const MAX_BYTES: usize = 4096;

/// Whether `text` is a scope (RFC 6749 section 3.3) of at most [`MAX_BYTES`]. It may be empty.
pub(super) fn is_scope(text: &str) -> bool {
    text.len() <= MAX_BYTES && types::is_scope(text)
}

pub(crate) fn is_identity(token: &str) -> bool {
    IDENTITY.contains(&token)
}
