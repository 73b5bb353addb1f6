//! Redirect URIs: which URIs a client may register, and which requests match them. A redirect URI is
//! stored byte for byte, and compared as text.
//!
//! ```
//! use oauth_dcr::redirect_uri::{Destination, RedirectUri, RedirectUriError, RedirectUriPolicy};
//!
//! let policy = RedirectUriPolicy::default();
//! let uri = RedirectUri::parse("https://app.example.com/callback", &policy)?;
//! assert_eq!(uri.destination(), Destination::Site("app.example.com"));
//!
//! // To a browser this is http://127.0.0.1/cb.
//! let disguised = RedirectUri::parse("http://2130706433/cb", &policy);
//! assert_eq!(disguised, Err(RedirectUriError::Host));
//! # Ok::<(), RedirectUriError>(())
//! ```
//!
//! 1. [`RedirectUriPolicy`] says which redirect URIs are allowed, and [`AllowedScheme`] names a private-use
//!    scheme. [`native_agents`](RedirectUriPolicy::native_agents) is for editors and command-line agents.
//! 2. [`RedirectUri`] is parsed under a policy. [`RedirectUriError`] names the rule that refuses it.
//! 3. [`Destination`] says where a redirect URI leads, for a consent page.
//!
//! [The guide](crate::guide::redirect_uris) lists what is refused and what matches.

mod allowed_scheme;
mod destination;
mod error;
mod kind;
mod policy;
mod private_use;

use std::fmt;

use serde::{Serialize, Serializer};

use self::kind::Kind;
pub use self::{
    allowed_scheme::{AllowedScheme, InvalidScheme},
    destination::Destination,
    error::RedirectUriError,
    policy::RedirectUriPolicy,
};
use crate::uri::{LOOPBACK_HOSTS, UriParts, is_port};

/// A redirect URI as a client registered it, byte for byte.
///
/// The text itself is compared, never the output of a parser (RFC 9700 section 2.1). A redirect URI is
/// accepted only if it is a URI by RFC 3986 that every parser reads in the same way: the raw text is
/// checked first, and then the WHATWG parser must find the same parts.
///
/// ```
/// use oauth_dcr::redirect_uri::{RedirectUriPolicy, RedirectUri, RedirectUriError};
///
/// let policy = RedirectUriPolicy::default();
/// let uri = RedirectUri::parse("http://127.0.0.1:33418/", &policy)?;
/// assert_eq!(uri.as_str(), "http://127.0.0.1:33418/");
///
/// // To a browser this is http://127.0.0.1/cb.
/// let disguised = RedirectUri::parse("http://2130706433/cb", &policy);
/// assert_eq!(disguised, Err(RedirectUriError::Host));
/// # Ok::<(), RedirectUriError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RedirectUri {
    text: Box<str>,
    kind: Kind,
}

impl RedirectUri {
    /// Reads the redirect URI in `text`, if `policy` allows it.
    ///
    /// # Errors
    /// [`RedirectUriError`] names the first rule that refuses the URI.
    pub fn parse(
        text: impl Into<String>,
        policy: &RedirectUriPolicy,
    ) -> Result<Self, RedirectUriError> {
        let text = text.into();
        let kind = Kind::of(&text, policy)?;
        Ok(Self {
            text: text.into_boxed_str(),
            kind,
        })
    }

    /// The redirect URI of a stored client or decision. It was accepted once, and the policy, the lists of
    /// schemes and the rules on ambiguous texts may have become stricter since. So only its structure is
    /// checked: it must be an absolute URI, and http must lead to a loopback host.
    ///
    /// # Errors
    /// [`RedirectUriError`] if `text` does not have this structure.
    pub(crate) fn restore(text: String) -> Result<Self, RedirectUriError> {
        let kind = Kind::of_stored(&text)?;
        Ok(Self {
            text: text.into_boxed_str(),
            kind,
        })
    }

    /// The URI as registered.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the implicit grant can use this URI: it is https and leads away from the user's device
    /// (OpenID Connect Registration section 2, `application_type`).
    pub fn suits_implicit_grant(&self) -> bool {
        self.kind == Kind::Claimed
    }

    /// Whether the URI leads to the user's own device, over http or https.
    pub fn is_loopback(&self) -> bool {
        matches!(self.kind, Kind::Loopback { .. })
    }

    /// Whether the URI is https, to a site or to the user's own device.
    pub(crate) fn is_https(&self) -> bool {
        matches!(self.kind, Kind::Claimed | Kind::Loopback { https: true })
    }

    /// Where the URI leads, to show to the user.
    pub fn destination(&self) -> Destination<'_> {
        // The constructor has read the text before, so this cannot fail.
        let parts = UriParts::read(&self.text).ok();
        let host = parts.as_ref().and_then(|parts| parts.authority.as_ref());
        let host = host.map_or("", |authority| authority.host);
        match self.kind {
            Kind::Claimed => Destination::Site(host),
            Kind::Loopback { .. } => Destination::Device(host),
            Kind::PrivateUse => Destination::App(parts.map_or("", |parts| parts.scheme)),
        }
    }

    /// Whether `requested` matches this redirect URI (RFC 9700 section 4.1.3).
    ///
    /// It matches if the texts are equal. For http to a loopback host, `policy` can also allow another
    /// port (RFC 8252 section 7.3).
    ///
    /// ```
    /// use oauth_dcr::redirect_uri::{RedirectUriPolicy, RedirectUri};
    ///
    /// let policy = RedirectUriPolicy::default();
    /// let registered = RedirectUri::parse("http://127.0.0.1:33418/cb", &policy)?;
    /// assert!(registered.matches("http://127.0.0.1:50123/cb", &policy));
    /// assert!(!registered.matches("http://127.0.0.1:33418/other", &policy));
    /// # Ok::<(), oauth_dcr::redirect_uri::RedirectUriError>(())
    /// ```
    pub fn matches(&self, requested: &str, policy: &RedirectUriPolicy) -> bool {
        let port_may_differ = |host: &str| {
            self.kind == (Kind::Loopback { https: false }) && policy.lets_port_differ(host)
        };
        *self.text == *requested
            || self
                .host_if_only_port_differs(requested)
                .is_some_and(port_may_differ)
    }

    /// The loopback host of `requested`, if the two URIs differ only in the port.
    pub(crate) fn host_if_only_port_differs(&self, requested: &str) -> Option<&'static str> {
        if !self.is_loopback() {
            return None;
        }
        let (registered_scheme, registered) = self.text.split_once("://")?;
        let (scheme, requested) = requested.split_once("://")?;
        let mut hosts = LOOPBACK_HOSTS.into_iter();
        hosts.find(|host| {
            let registered = registered.strip_prefix(host).and_then(without_port);
            registered_scheme == scheme
                && registered.is_some()
                && registered == requested.strip_prefix(host).and_then(without_port)
        })
    }

    /// The same text for all URIs that match each other by `policy`: where the port may differ, `*`
    /// replaces it, which no redirect URI contains.
    pub(crate) fn without_variable_port(&self, policy: &RedirectUriPolicy) -> String {
        let port_may_differ = |host: &&str| policy.lets_port_differ(host);
        let marked = |host: &str| {
            let (scheme, rest) = self.text.split_once("://")?;
            let rest = without_port(rest.strip_prefix(host)?)?;
            Some(format!("{scheme}://{host}:*{rest}"))
        };
        let is_http_loopback = self.kind == (Kind::Loopback { https: false });
        let mut hosts = LOOPBACK_HOSTS
            .into_iter()
            .filter(|host| is_http_loopback && port_may_differ(host));
        hosts
            .find_map(marked)
            .unwrap_or_else(|| self.text.to_string())
    }

    /// This redirect URI as it was requested, with the requested port.
    pub(crate) fn as_requested(&self, requested: &str) -> Self {
        Self {
            text: requested.into(),
            kind: self.kind,
        }
    }
}

/// The text after the port, or all of it if there is no port. The result is `None` if the port is invalid.
fn without_port(after_host: &str) -> Option<&str> {
    let Some(port) = after_host.strip_prefix(':') else {
        return Some(after_host);
    };
    let digits = port.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = port.split_at_checked(digits)?;
    is_port(digits).then_some(rest)
}

impl fmt::Debug for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedirectUri({:?})", &*self.text)
    }
}

impl Serialize for RedirectUri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}
