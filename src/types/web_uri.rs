use serde::{Serialize, Serializer};

use crate::uri::{Authority, UriFault, UriParts};

/// An https address that a client shows people: its home page, logo, terms or policy.
///
/// The address is stored as it was registered, and never fetched. A browser may follow it, so it has a
/// host, no user name, and only characters that are legal in a URI (RFC 3986 section 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebUri(Box<str>);

/// Why a text is refused as an https address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebUriError {
    /// A space, a control character, a backslash, a non-ASCII or another character that is illegal in a
    /// URI, or a `%` without two hexadecimal digits after it.
    #[error(
        "contains a character that a URI may not contain; percent-encode it, or write a host in its \
         ASCII form (xn--)"
    )]
    Character,
    /// A scheme other than https, or no scheme.
    #[error("is not an https URL; use the scheme https and a host")]
    NotHttps,
    /// A host that is neither a DNS name nor an IP address in its usual form, or a port that is not 1 to
    /// 65535. The last label of a DNS name must not begin with a digit.
    #[error(
        "has a host that is neither a DNS name nor an IP address in its usual form, or a port \
         that is not 1 to 65535; correct it"
    )]
    Host,
    /// A user name or password before the host, which makes another host look like the real one.
    #[error("has a user name or password; leave it out")]
    Userinfo,
}

impl WebUriError {
    /// The stable name of the rule that refused the address, for programs.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Character => "illegal_character",
            Self::NotHttps => "not_https",
            Self::Host => "invalid_host",
            Self::Userinfo => "userinfo_not_allowed",
        }
    }
}

impl WebUri {
    /// Reads the https address in `text`.
    ///
    /// # Errors
    /// [`WebUriError`] names the first rule that refuses the address.
    pub fn parse(text: impl Into<String>) -> Result<Self, WebUriError> {
        let text = text.into();
        let (parts, authority) = read_https(&text)?;
        authority.classify()?;
        parts.check_second_opinion_of_authority()?;
        Ok(Self(text.into_boxed_str()))
    }

    /// Checks the address of a stored client. It was accepted when the client registered, so only its
    /// structure is checked: it is an https URL with a host.
    ///
    /// # Errors
    /// [`WebUriError`] if it is not an https URL with a host.
    pub(crate) fn check_structure(text: &str) -> Result<(), WebUriError> {
        let (_, authority) = read_https(text)?;
        if authority.host.is_empty() {
            return Err(WebUriError::Host);
        }
        Ok(())
    }

    /// The address as registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn read_https(text: &str) -> Result<(UriParts<'_>, Authority<'_>), WebUriError> {
    let parts = UriParts::read(text)?;
    match parts.authority {
        Some(authority) if parts.is_https() => Ok((parts, authority)),
        _ => Err(WebUriError::NotHttps),
    }
}

impl From<UriFault> for WebUriError {
    fn from(fault: UriFault) -> Self {
        match fault {
            UriFault::Character | UriFault::PercentEncoding => Self::Character,
            UriFault::NotAbsolute => Self::NotHttps,
            UriFault::Userinfo => Self::Userinfo,
            UriFault::Host | UriFault::Port | UriFault::Ambiguous => Self::Host,
        }
    }
}

impl Serialize for WebUri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_addresses_are_kept_as_they_are() {
        for good in [
            "https://example.com",
            "HTTPS://Example.com:8443/a?b=@#c",
            "https://[::1]?/",
            "https://my_app.example.com/",
        ] {
            assert_eq!(WebUri::parse(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn other_addresses_are_refused_by_their_rule() {
        for (bad, why) in [
            ("http://example.com", WebUriError::NotHttps),
            ("javascript:alert(1)", WebUriError::NotHttps),
            ("/relative/path", WebUriError::NotHttps),
            ("https:example.com", WebUriError::NotHttps),
            ("https:///example.com", WebUriError::Host),
            ("https://", WebUriError::Host),
            ("https://example.com:0/", WebUriError::Host),
            ("https://user@example.com", WebUriError::Userinfo),
            ("https://exa%6dple.com", WebUriError::Host),
            ("https://app.1password/", WebUriError::Host),
            ("https://example.c_m/", WebUriError::Host),
            ("https://xn--a_b.example/", WebUriError::Host),
            ("https://example.com/a b", WebUriError::Character),
            ("https://example.com\\@evil.test", WebUriError::Character),
            ("https://ex\u{e4}mple.com/", WebUriError::Character),
        ] {
            assert_eq!(WebUri::parse(bad), Err(why), "{bad}");
        }
    }
}
