use std::fmt;

use serde::{Deserialize, Serialize};

/// The path of an endpoint below the issuer, such as `/oidc/register`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EndpointPath(Box<str>);

/// A text is not an absolute path of unreserved characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a path begins with a slash, and has only letters, digits and the characters - . _ ~ /")]
pub struct InvalidEndpointPath;

impl EndpointPath {
    /// The default path of the registration endpoint.
    pub(crate) const DEFAULT: &'static str = "/oidc/register";

    /// Reads a path: a slash, and segments of unreserved characters (RFC 3986 section 2.3) separated by
    /// slashes. No segment may be empty, `.` or `..`.
    ///
    /// # Errors
    /// [`InvalidEndpointPath`] if `text` does not have this form.
    pub fn parse(text: &str) -> Result<Self, InvalidEndpointPath> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let is_segment =
            |segment: &str| segment.bytes().all(legal) && !matches!(segment, "" | "." | "..");
        match text.strip_prefix('/') {
            Some(segments) if segments.split('/').all(is_segment) => Ok(Self(text.into())),
            _ => Err(InvalidEndpointPath),
        }
    }

    /// The path as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn is_default(&self) -> bool {
        self.as_str() == Self::DEFAULT
    }
}

impl Default for EndpointPath {
    fn default() -> Self {
        Self(Self::DEFAULT.into())
    }
}

impl TryFrom<String> for EndpointPath {
    type Error = InvalidEndpointPath;

    fn try_from(text: String) -> Result<Self, InvalidEndpointPath> {
        Self::parse(&text)
    }
}

impl From<EndpointPath> for String {
    fn from(path: EndpointPath) -> Self {
        path.0.into_string()
    }
}

impl fmt::Display for EndpointPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_absolute_and_plain() {
        for path in ["/register", "/oidc/register", "/t/acme-1/register"] {
            assert_eq!(EndpointPath::parse(path).unwrap().as_str(), path);
        }
        for bad in [
            "", "/", "register", "//host", "/a/", "/a/../b", "/a?b", "/a#b", "/ä", "/%2e",
        ] {
            assert_eq!(EndpointPath::parse(bad), Err(InvalidEndpointPath), "{bad}");
        }
    }
}
