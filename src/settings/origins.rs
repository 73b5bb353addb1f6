use serde::{Deserialize, Serialize};

use crate::uri::{UriParts, written_origin};

/// The web origins that may register from a browser (CORS). Credentials are never allowed.
///
/// In JSON it is a list of origins. The default is `["*"]`, which means any origin.
///
/// ```
/// use oauth_dcr::settings::AllowedOrigins;
///
/// let origins = AllowedOrigins::list(["https://inspector.example.com"])?;
/// assert!(origins.allows("https://inspector.example.com"));
/// assert!(!origins.allows("https://other.example.com"));
/// # Ok::<(), oauth_dcr::settings::InvalidOrigin>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct AllowedOrigins(Origins);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Origins {
    #[default]
    Any,
    Listed(Vec<String>),
}

/// A text is not an origin: a scheme, a host and, unless it is the default port, a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "origin {index} is not an origin that a browser sends: write the scheme, the host and, unless it is \
     the default port, the port, in lower case and without a slash at the end, such as \
     \"https://app.example.com\" or \"http://localhost:3000\"; wildcards in hosts are not supported; write \
     an international name in its xn-- form; the list [\"*\"] allows any origin"
)]
pub struct InvalidOrigin {
    /// The position of the text in the list, from 0.
    pub index: usize,
}

impl AllowedOrigins {
    /// Any origin.
    pub const fn any() -> Self {
        Self(Origins::Any)
    }

    /// Only these origins, each as a browser writes it in the `Origin` header: without a path, and without
    /// the default port. An empty list allows no origin.
    ///
    /// # Errors
    /// [`InvalidOrigin`] for the first text that is not an origin.
    pub fn list<I>(origins: I) -> Result<Self, InvalidOrigin>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let origins: Vec<String> = origins.into_iter().map(Into::into).collect();
        match origins.iter().position(|origin| !is_origin(origin)) {
            Some(index) => Err(InvalidOrigin { index }),
            None => Ok(Self(Origins::Listed(origins))),
        }
    }

    /// Whether every origin is allowed.
    pub const fn is_any(&self) -> bool {
        matches!(self.0, Origins::Any)
    }

    /// Whether a page from `origin` may register.
    pub fn allows(&self, origin: &str) -> bool {
        match &self.0 {
            Origins::Any => true,
            Origins::Listed(origins) => origins.iter().any(|listed| listed == origin),
        }
    }
}

impl TryFrom<Vec<String>> for AllowedOrigins {
    type Error = InvalidOrigin;

    fn try_from(origins: Vec<String>) -> Result<Self, InvalidOrigin> {
        if matches!(origins.as_slice(), [only] if only == "*") {
            return Ok(Self::any());
        }
        Self::list(origins)
    }
}

impl From<AllowedOrigins> for Vec<String> {
    fn from(origins: AllowedOrigins) -> Self {
        match origins.0 {
            Origins::Any => vec!["*".to_owned()],
            Origins::Listed(origins) => origins,
        }
    }
}

/// Schemes whose pages have the origin `null`, or that have no pages.
const WITHOUT_ORIGIN: [&str; 10] = [
    "about",
    "blob",
    "data",
    "file",
    "filesystem",
    "ftp",
    "javascript",
    "mailto",
    "ws",
    "wss",
];

/// Whether `text` is an origin exactly as a browser writes it in an `Origin` header: the scheme, the host
/// and, unless it is the scheme's default port, the port (RFC 6454 section 6.2).
///
/// Browser extensions and web views have their own schemes, such as `chrome-extension` and `capacitor`.
fn is_origin(text: &str) -> bool {
    let Ok(parts) = UriParts::read(text) else {
        return false;
    };
    let Some(authority) = parts.authority else {
        return false;
    };
    if !parts.path.is_empty() || parts.query.is_some() || parts.has_fragment {
        return false;
    }
    if matches!(parts.scheme, "http" | "https") {
        let written = written_origin(text);
        return authority.classify().is_ok() && written.is_some_and(|written| written == text);
    }
    // The host of another scheme is opaque: a browser keeps its letter case.
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let is_lower_case = !parts.scheme.bytes().any(|byte| byte.is_ascii_uppercase());
    is_lower_case
        && !WITHOUT_ORIGIN.contains(&parts.scheme)
        && !authority.host.is_empty()
        && authority.host.bytes().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origin_must_be_written_as_browsers_write_it() {
        for good in [
            "https://a.example",
            "http://localhost:3000",
            "https://[::1]:8443",
        ] {
            assert!(AllowedOrigins::list([good]).is_ok(), "{good}");
        }
        for bad in [
            "https://a.example/",
            "https://a.example:443",
            "A.example",
            "*",
            "null",
            "",
        ] {
            let error = AllowedOrigins::list(["https://a.example", bad]);
            assert_eq!(error, Err(InvalidOrigin { index: 1 }), "{bad}");
        }
    }

    #[test]
    fn empty_list_allows_no_origin() {
        let origins: AllowedOrigins = serde_json::from_str("[]").unwrap();
        assert!(!origins.allows("https://a.example"));
        assert!(!origins.is_any());
    }
}
