use serde::{Deserialize, Serialize};

/// What happens to an authorization request that is refused after its redirect URI is known.
///
/// Anyone can register a client with any redirect URI, so a redirect to the client can lead anywhere
/// (RFC 9700 section 4.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorRedirectPolicy {
    /// The user sees a page of the authorization server.
    OpenRedirectProtection,
    /// The user is sent to the client with the error (RFC 6749 section 4.1.2.1).
    AllowAlways,
}
