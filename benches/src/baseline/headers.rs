//! The headers of a baseline's 201.

/// The crate's, so that both sides send as many bytes; `tests/parts.rs` checks that.
pub const HEADERS: [(&str, &str); 5] = [
    ("content-type", "application/json"),
    ("cache-control", "no-store"),
    ("pragma", "no-cache"),
    ("access-control-allow-origin", "*"),
    (
        "access-control-expose-headers",
        "Retry-After, WWW-Authenticate, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset",
    ),
];
