use std::fmt;

use serde::{Deserialize, Serialize};

use crate::uri::{LOOPBACK_HOSTS, UriParts, written_url};

/// The longest issuer, in bytes.
const MAX_BYTES: usize = 2048;

/// The issuer identifier of an authorization server (RFC 8414 section 2): an https URL without
/// query and fragment, or http on a loopback host while developing.
///
/// ```
/// use oauth_dcr::settings::Issuer;
///
/// assert!(Issuer::parse("https://auth.example.com/tenant").is_ok());
/// assert!(Issuer::parse("http://127.0.0.1:8080").is_ok());
/// assert!(Issuer::parse("http://auth.example.com").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Issuer(Box<str>);

/// A text is not an https URL without query and fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an issuer is an https URL without query and fragment, such as \"https://auth.example.com\"; http is \
     for loopback hosts only"
)]
pub struct InvalidIssuer;

impl Issuer {
    /// The issuer that `text` names.
    ///
    /// # Errors
    /// [`InvalidIssuer`] if it is anything else than an https (or loopback http) URL.
    pub fn parse(text: &str) -> Result<Self, InvalidIssuer> {
        if is_issuer(text) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidIssuer)
        }
    }

    /// The issuer as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its path, empty for an issuer without one. A slash at the end is not part of it: with and
    /// without, the metadata documents are the same (RFC 8414 section 3.1, OpenID Connect Discovery
    /// section 4.1).
    ///
    /// ```
    /// use oauth_dcr::settings::Issuer;
    ///
    /// let issuer = Issuer::parse("https://auth.example.com/tenants/acme")?;
    /// assert_eq!(issuer.path(), "/tenants/acme");
    /// assert_eq!(Issuer::parse("https://auth.example.com/")?.path(), "");
    /// # Ok::<(), oauth_dcr::settings::InvalidIssuer>(())
    /// ```
    pub fn path(&self) -> &str {
        // It was read when it was made, so it can be read again.
        let path = UriParts::read(&self.0).map_or("", |parts| parts.path);
        path.trim_end_matches('/')
    }

    /// What all spellings of the same issuer have in common: letter case of scheme and host, a default port
    /// and slashes at the end make no difference to where its metadata is.
    pub(super) fn normalized(&self) -> String {
        let url = written_url(&self.0).unwrap_or_else(|| self.to_string());
        url.trim_end_matches('/').to_owned()
    }

    /// The address of what stands at `path`, which begins with a slash, below the issuer.
    pub(crate) fn below(&self, path: &str) -> String {
        format!("{}{path}", self.0.trim_end_matches('/'))
    }
}

/// An issuer means the same to every parser: clients compare it, and servers build addresses on it.
fn is_issuer(text: &str) -> bool {
    if text.len() > MAX_BYTES || text.contains('*') {
        return false;
    }
    let Ok(parts) = UriParts::read(text) else {
        return false;
    };
    let has_host = parts.authority.is_some_and(|authority| {
        parts.is_https() && authority.classify().is_ok()
            || parts.is_http() && LOOPBACK_HOSTS.contains(&authority.host)
    });
    has_host
        && parts.query.is_none()
        && !parts.has_fragment
        && !parts.has_dot_segment()
        && parts.check_second_opinion().is_ok()
}

impl TryFrom<String> for Issuer {
    type Error = InvalidIssuer;

    fn try_from(text: String) -> Result<Self, InvalidIssuer> {
        Self::parse(&text)
    }
}

impl From<Issuer> for String {
    fn from(issuer: Issuer) -> Self {
        issuer.0.into_string()
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_an_https_url_or_on_loopback() {
        for good in [
            "https://auth.example.com",
            "HTTPS://Auth.example.com:443/tenants/acme/",
            "https://intranet",
            "https://localhost:8443",
            "https://[::1]/a",
            "http://localhost:8080/a%20b",
            "http://127.0.0.1",
            "http://[::1]:1",
        ] {
            assert!(Issuer::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "auth.example.com",
            "com.example.app://auth.example.com",
            "http://auth.example.com",
            "http://127.0.0.2",
            "http://LOCALHOST",
            "https:auth.example.com",
            "https://",
            "https://127.1",
            "https://auth.example.com:0",
            "https://user@auth.example.com",
            "https://auth.example.com?",
            "https://auth.example.com/#",
            "https://auth.example.com/a/../b",
            "https://auth.example.com/%2e",
            "https://auth.example.com/*",
            "https://auth.example.com/a b",
            "https://\u{e4}.example",
            "https://xn--a.example",
        ] {
            assert_eq!(Issuer::parse(bad), Err(InvalidIssuer), "{bad}");
        }
    }

    #[test]
    fn the_longest_issuer_has_2048_bytes() {
        let issuer = |bytes: usize| {
            let origin = "https://auth.example.com/";
            format!("{origin}{}", "a".repeat(bytes - origin.len()))
        };
        assert!(Issuer::parse(&issuer(2048)).is_ok());
        assert!(Issuer::parse(&issuer(2049)).is_err());
    }
}
