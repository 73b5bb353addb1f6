//! Reading requested scopes.

use crate::values::is_scope_token;

/// Scopes that no API has: they are about the user's identity or, the last, about a refresh token
/// (OpenID Connect Core sections 5.4 and 11).
const IDENTITY: [&str; 4] = ["openid", "profile", "email", OFFLINE_ACCESS];
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";

/// Bytes of a requested scope, at most.
const MAX_BYTES: usize = 4096;

/// Whether `text` is scope tokens with spaces between (RFC 6749 section 3.3). Clients send stray
/// spaces, at the ends and between tokens: they count for nothing.
pub(super) fn is_scope(text: &str) -> bool {
    text.len() <= MAX_BYTES && tokens(text).all(is_scope_token)
}

pub(crate) fn is_identity(token: &str) -> bool {
    IDENTITY.contains(&token)
}

pub(super) fn tokens(scope: &str) -> impl Iterator<Item = &str> {
    scope.split(' ').filter(|token| !token.is_empty())
}
