use std::fmt;

use serde::{Deserialize, Serialize};

use crate::uri::{LOOPBACK_HOSTS, UriParts, written_url};

/// The length of the longest issuer, in bytes.
const MAX_BYTES: usize = 2048;

/// The issuer identifier of an authorization server (RFC 8414 section 2): an https URL without query and
/// fragment. For development, it can also be http on a loopback host.
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
     allowed for loopback hosts only"
)]
pub struct InvalidIssuer;

impl Issuer {
    /// Reads an issuer.
    ///
    /// # Errors
    /// [`InvalidIssuer`] if `text` is not an https URL (or an http URL with a loopback host) without query
    /// and fragment.
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

    /// The path of the issuer without a slash at the end, or an empty text if there is no path.
    ///
    /// The slash is removed because it does not change the addresses of the metadata documents
    /// (RFC 8414 section 3.1, OpenID Connect Discovery section 4.1).
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
        // The constructor has read the text before, so this cannot fail.
        let path = UriParts::read(&self.0).map_or("", |parts| parts.path);
        path.trim_end_matches('/')
    }

    /// The normalized form, which is the same for all spellings of an issuer. Letter case of scheme and host,
    /// a default port and slashes at the end do not change the addresses of the metadata.
    pub(super) fn normalized(&self) -> String {
        let url = written_url(&self.0).unwrap_or_else(|| self.to_string());
        url.trim_end_matches('/').to_owned()
    }

    /// The address of `path` below the issuer. The path begins with a slash.
    pub(crate) fn below(&self, path: &str) -> String {
        format!("{}{path}", self.0.trim_end_matches('/'))
    }
}

/// Whether `text` is an issuer that every parser reads in the same way, because clients compare it and
/// servers build addresses from it.
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
    fn issuer_is_an_https_url_or_on_loopback() {
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
