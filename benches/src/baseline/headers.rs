//! The headers of the baselines' answers.

/// The same headers as the crate's, so that both sides send the same number of bytes: `tests/parts.rs` checks that.
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
