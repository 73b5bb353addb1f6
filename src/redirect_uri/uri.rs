use std::fmt;

use serde::{Serialize, Serializer};

use crate::{
    redirect_uri::{
        RedirectPolicy,
        policy::{is_never_allowed, is_reverse_domain},
    },
    uri::{Authority, LOOPBACK_HOSTS, UriFault, UriParts, is_port},
};

/// A redirect URI as a client registered it, to the byte.
///
/// Comparing happens on this text, never on what a parser makes of it (RFC 9700 section 2.1). A
/// text becomes one only if it is a URI by RFC 3986 that every parser reads alike: the raw text is
/// checked first, then the WHATWG parser has to read back the same parts.
///
/// ```
/// use oauth_dcr::redirect_uri::{RedirectPolicy, RedirectUri, RedirectUriError};
///
/// let policy = RedirectPolicy::default();
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

/// Where a redirect URI leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    /// https, away from the user's device.
    Claimed,
    /// https or http, to the user's own device.
    Loopback { https: bool },
    /// A private-use scheme (RFC 8252 section 7.1).
    PrivateUse,
}

/// Why a text is refused as a redirect URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectUriError {
    /// Longer than the policy's `max_bytes`.
    #[error("is longer than allowed")]
    TooLong,
    /// A space, a control, a backslash, a non-ASCII or another character that no URI may hold.
    #[error(
        "holds a character that a URI may not hold; percent-encode it, or write a host in its \
         ASCII form (xn--)"
    )]
    Character,
    /// A `%` without two hexadecimal digits after it.
    #[error(
        "holds a percent sign without two hexadecimal digits after it; write %25 for the sign \
         itself"
    )]
    PercentEncoding,
    /// Not an absolute URI: no scheme, or nothing after it and the slashes.
    #[error("is not an absolute URI; write all of it, beginning with the scheme")]
    NotAbsolute,
    /// A fragment, even an empty one (RFC 6749 section 3.1.2).
    #[error("has a fragment; leave out the # and all after it")]
    Fragment,
    /// A user name or password before the host, or what could be taken for one.
    #[error("has a user name or password; leave it out")]
    Userinfo,
    /// A wildcard.
    #[error("holds a wildcard; register each URI in full, without a *")]
    Wildcard,
    /// A path segment `.` or `..`, plain or percent-encoded.
    #[error("has a dot segment in its path; leave out . and ..")]
    DotSegment,
    /// No host, or one that is neither a DNS name nor an address in its canonical form. The last label
    /// of a name does not begin with a digit.
    #[error(
        "has a host that is neither a DNS name nor an IP address in its usual form; use one \
         such as app.example.com"
    )]
    Host,
    /// An https host of a single label, which the policy does not allow.
    #[error("has a host of a single label; use a full name such as app.example.com")]
    SingleLabelHost,
    /// A port that is not 1 to 65535, written without leading zeros.
    #[error(
        "has an invalid port; use a number from 1 to 65535 without leading zeros, or leave the port out"
    )]
    Port,
    /// Plain http to a host other than `127.0.0.1`, `[::1]` and `localhost`.
    #[error("http is for 127.0.0.1, [::1] and localhost only; use https, or one of these hosts")]
    HttpNotLoopback,
    /// A scheme that is neither https, http nor a private-use scheme in reverse-domain form, and
    /// that the policy does not list; or one that belongs to a browser or an operating system.
    #[error(
        "has a scheme that is not allowed; use https, http to 127.0.0.1, [::1] or localhost, \
         or a private-use scheme in reverse-domain form such as com.example.app; the owner of \
         the tenant can allow some others"
    )]
    SchemeNotAllowed,
    /// A text that two parsers read in different ways.
    #[error(
        "means different things to different parsers; begin the part after the scheme with a \
         slash, and write %27 for an apostrophe"
    )]
    Ambiguous,
}

impl RedirectUriError {
    /// The stable name of the rule that refused, for programs.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Character => "illegal_character",
            Self::PercentEncoding => "illegal_percent_encoding",
            Self::NotAbsolute => "not_absolute",
            Self::Fragment => "fragment_not_allowed",
            Self::Userinfo => "userinfo_not_allowed",
            Self::Wildcard => "wildcard_not_allowed",
            Self::DotSegment => "dot_segment_not_allowed",
            Self::Host => "invalid_host",
            Self::SingleLabelHost => "single_label_host_not_allowed",
            Self::Port => "invalid_port",
            Self::HttpNotLoopback => "http_not_loopback",
            Self::SchemeNotAllowed => "scheme_not_allowed",
            Self::Ambiguous => "ambiguous",
        }
    }
}

impl RedirectUri {
    /// The redirect URI that `text` is, if `policy` allows it.
    ///
    /// # Errors
    /// [`RedirectUriError`] names the first rule that refuses it.
    pub fn parse(
        text: impl Into<String>,
        policy: &RedirectPolicy,
    ) -> Result<Self, RedirectUriError> {
        let text = text.into();
        let kind = classify(&text, policy)?;
        Ok(Self {
            text: text.into_boxed_str(),
            kind,
        })
    }

    /// The redirect URI of a stored client or decision. It was accepted once, so neither the policy nor
    /// the lists of schemes and the rules on ambiguous texts, which may have become stricter since, judge
    /// it again: it only has to be an absolute URI, and http has to be loopback.
    ///
    /// # Errors
    /// [`RedirectUriError`] if `text` is no such URI.
    pub(crate) fn restore(text: String) -> Result<Self, RedirectUriError> {
        let parts = UriParts::read(&text)?;
        if parts.has_fragment {
            return Err(RedirectUriError::Fragment);
        }
        let (is_https, is_http) = (parts.is_https(), parts.is_http());
        let kind = match &parts.authority {
            Some(authority) if is_https && authority.is_loopback() => {
                Kind::Loopback { https: true }
            }
            Some(authority) if is_https && !authority.host.is_empty() => Kind::Claimed,
            Some(authority) if is_http => http(authority)?,
            _ if is_https || is_http => return Err(RedirectUriError::Host),
            _ => Kind::PrivateUse,
        };
        Ok(Self {
            text: text.into_boxed_str(),
            kind,
        })
    }

    /// The URI as registered.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is https and leads away from the user's device. The implicit grant sends tokens
    /// nowhere else (OpenID Connect Registration section 2, `application_type`).
    pub fn suits_implicit_grant(&self) -> bool {
        self.kind == Kind::Claimed
    }

    /// Whether it leads to the user's own device, over http or https.
    pub fn is_loopback(&self) -> bool {
        matches!(self.kind, Kind::Loopback { .. })
    }

    /// Whether it is https, to a site or to the user's own device.
    pub(crate) fn is_https(&self) -> bool {
        matches!(self.kind, Kind::Claimed | Kind::Loopback { https: true })
    }

    /// Where it leads, to show to the user.
    pub fn destination(&self) -> Destination<'_> {
        // It was read when it was made, so it can be read again.
        let parts = UriParts::read(&self.text).ok();
        let host = parts.as_ref().and_then(|parts| parts.authority.as_ref());
        let host = host.map_or("", |authority| authority.host);
        match self.kind {
            Kind::Claimed => Destination::Site(host),
            Kind::Loopback { .. } => Destination::Device(host),
            Kind::PrivateUse => Destination::App(parts.map_or("", |parts| parts.scheme)),
        }
    }

    /// Whether `requested` is this redirect URI (RFC 9700 section 4.1.3): the same text or, for http
    /// to a loopback host whose port `policy` lets differ, the same but for the port
    /// (RFC 8252 section 7.3).
    ///
    /// ```
    /// use oauth_dcr::redirect_uri::{RedirectPolicy, RedirectUri};
    ///
    /// let policy = RedirectPolicy::default();
    /// let registered = RedirectUri::parse("http://127.0.0.1:33418/cb", &policy)?;
    /// assert!(registered.matches("http://127.0.0.1:50123/cb", &policy));
    /// assert!(!registered.matches("http://127.0.0.1:33418/other", &policy));
    /// # Ok::<(), oauth_dcr::redirect_uri::RedirectUriError>(())
    /// ```
    pub fn matches(&self, requested: &str, policy: &RedirectPolicy) -> bool {
        let floats = |host: &str| {
            self.kind == (Kind::Loopback { https: false }) && policy.lets_port_differ(host)
        };
        *self.text == *requested || self.host_but_for_port(requested).is_some_and(floats)
    }

    /// The loopback host of `requested`, if the two URIs differ in nothing but the port.
    pub(crate) fn host_but_for_port(&self, requested: &str) -> Option<&'static str> {
        if !self.is_loopback() {
            return None;
        }
        let (own_scheme, own) = self.text.split_once("://")?;
        let (scheme, other) = requested.split_once("://")?;
        let mut hosts = LOOPBACK_HOSTS.into_iter();
        hosts.find(|host| {
            let own = own.strip_prefix(host).and_then(without_port);
            own_scheme == scheme
                && own.is_some()
                && own == other.strip_prefix(host).and_then(without_port)
        })
    }

    /// One text for all that match each other by `policy`: where the port may differ, no port but a
    /// mark that no redirect URI has.
    pub(crate) fn without_floating_port(&self, policy: &RedirectPolicy) -> String {
        let floats = |host: &&str| policy.lets_port_differ(host);
        let marked = |host: &str| {
            let (scheme, rest) = self.text.split_once("://")?;
            let rest = without_port(rest.strip_prefix(host)?)?;
            Some(format!("{scheme}://{host}:*{rest}"))
        };
        let is_http_loopback = self.kind == (Kind::Loopback { https: false });
        let mut hosts = LOOPBACK_HOSTS
            .into_iter()
            .filter(|host| is_http_loopback && floats(host));
        hosts
            .find_map(marked)
            .unwrap_or_else(|| self.text.to_string())
    }

    /// This redirect URI as it was requested, its port included.
    pub(crate) fn as_requested(&self, requested: &str) -> Self {
        Self {
            text: requested.into(),
            kind: self.kind,
        }
    }
}

/// What stands after the port, if there is one; `None` if it is none that a URI may have.
fn without_port(after_host: &str) -> Option<&str> {
    let Some(port) = after_host.strip_prefix(':') else {
        return Some(after_host);
    };
    let digits = port.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = port.split_at_checked(digits)?;
    is_port(digits).then_some(rest)
}

/// Where a redirect URI leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Destination<'a> {
    /// To the web site at this host.
    Site(&'a str),
    /// To a program that listens on the user's own device, at this loopback host.
    Device(&'a str),
    /// To whichever app has claimed this private-use scheme on the user's device.
    App(&'a str),
}

fn classify(text: &str, policy: &RedirectPolicy) -> Result<Kind, RedirectUriError> {
    if text.len() > policy.max_bytes {
        return Err(RedirectUriError::TooLong);
    }
    let parts = UriParts::read(text)?;
    if parts.has_fragment {
        return Err(RedirectUriError::Fragment);
    }
    if text.contains('*') {
        return Err(RedirectUriError::Wildcard);
    }
    if parts.has_dot_segment() {
        return Err(RedirectUriError::DotSegment);
    }
    let kind = match &parts.authority {
        Some(authority) if parts.is_https() => https(authority, policy)?,
        Some(authority) if parts.is_http() => http(authority)?,
        _ => private_use(&parts, policy)?,
    };
    parts.check_second_opinion()?;
    Ok(kind)
}

fn https(authority: &Authority<'_>, policy: &RedirectPolicy) -> Result<Kind, RedirectUriError> {
    let host = authority.classify()?;
    if host.is_loopback() {
        return Ok(Kind::Loopback { https: true });
    }
    if host.is_single_label() && !policy.single_label_hosts {
        return Err(RedirectUriError::SingleLabelHost);
    }
    Ok(Kind::Claimed)
}

/// RFC 8252 section 7.3, and `localhost`.
fn http(authority: &Authority<'_>) -> Result<Kind, RedirectUriError> {
    if LOOPBACK_HOSTS.contains(&authority.host) {
        return Ok(Kind::Loopback { https: false });
    }
    authority.classify()?;
    Err(RedirectUriError::HttpNotLoopback)
}

/// RFC 8252 section 7.1: a domain name of the application's owner, reversed.
fn private_use(parts: &UriParts<'_>, policy: &RedirectPolicy) -> Result<Kind, RedirectUriError> {
    let scheme = parts.scheme;
    if parts.is_https() || parts.is_http() {
        // Without `//` there is no host.
        return Err(RedirectUriError::Host);
    }
    let is_allowed = is_reverse_domain(scheme) || policy.lists(scheme);
    if !is_allowed || is_never_allowed(scheme) {
        return Err(RedirectUriError::SchemeNotAllowed);
    }
    let has_host = parts.authority.is_some_and(|it| !it.host.is_empty());
    if !has_host && parts.path.is_empty() && parts.query.unwrap_or_default().is_empty() {
        return Err(RedirectUriError::NotAbsolute);
    }
    match &parts.authority {
        Some(authority) if has_host => {
            authority.classify()?;
            authority.check_second_opinion_of_host()?;
        }
        Some(_) => {}
        None => check_first_segment(parts.path)?,
    }
    // Some parsers percent-encode an apostrophe in a query, others leave it.
    if parts.query.is_some_and(|query| query.contains('\'')) {
        return Err(RedirectUriError::Ambiguous);
    }
    Ok(Kind::PrivateUse)
}

/// Without `//`, what stands before the first slash is no user name and no port. A parser that takes
/// the scheme for a host reads `com.example.app:8080` as host and port, and one that looks for an
/// authority reads `com.example.app:user@evil.example` as user and host.
fn check_first_segment(path: &str) -> Result<(), RedirectUriError> {
    let first = path.split('/').next().unwrap_or_default();
    if first.contains('@') {
        return Err(RedirectUriError::Userinfo);
    }
    if !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(RedirectUriError::Ambiguous);
    }
    Ok(())
}

impl From<UriFault> for RedirectUriError {
    fn from(fault: UriFault) -> Self {
        match fault {
            UriFault::Character => Self::Character,
            UriFault::PercentEncoding => Self::PercentEncoding,
            UriFault::NotAbsolute => Self::NotAbsolute,
            UriFault::Userinfo => Self::Userinfo,
            UriFault::Host => Self::Host,
            UriFault::Port => Self::Port,
            UriFault::Ambiguous => Self::Ambiguous,
        }
    }
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
