use crate::uri::UriFault;

/// Why a text is refused as a redirect URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectUriError {
    /// The URI is longer than the policy's `max_bytes`.
    #[error("is longer than allowed")]
    TooLong,
    /// A space, a control character, a backslash, a non-ASCII or another character that is illegal in a URI.
    #[error(
        "contains a character that a URI may not contain; percent-encode it, or write a host in its \
         ASCII form (xn--)"
    )]
    Character,
    /// A `%` without two hexadecimal digits after it.
    #[error(
        "contains a percent sign without two hexadecimal digits after it; write %25 for the sign \
         itself"
    )]
    PercentEncoding,
    /// Not an absolute URI: it has no scheme, or nothing after the scheme and the slashes.
    #[error("is not an absolute URI; write all of it, beginning with the scheme")]
    NotAbsolute,
    /// A fragment, even an empty one (RFC 6749 section 3.1.2).
    #[error("has a fragment; leave out the # and everything after it")]
    Fragment,
    /// A user name or password before the host, or a part that a parser could mistake for a user name.
    #[error("has a user name or password; leave it out")]
    Userinfo,
    /// A wildcard.
    #[error("contains a wildcard; register each URI in full, without a *")]
    Wildcard,
    /// A path segment `.` or `..`, plain or percent-encoded.
    #[error("has a dot segment in its path; leave out . and ..")]
    DotSegment,
    /// No host, or a host that is neither a DNS name nor an address in its canonical form. The last label
    /// of a DNS name must not begin with a digit.
    #[error(
        "has a host that is neither a DNS name nor an IP address in its usual form; use a name \
         such as app.example.com"
    )]
    Host,
    /// An https host with a single label, which the policy does not allow.
    #[error("has a host with a single label; use a full name such as app.example.com")]
    SingleLabelHost,
    /// A port that is not a number from 1 to 65535 without leading zeros.
    #[error(
        "has an invalid port; use a number from 1 to 65535 without leading zeros, or leave the port out"
    )]
    Port,
    /// Plain http to a host other than `127.0.0.1`, `[::1]` and `localhost`.
    #[error(
        "uses http with a host other than 127.0.0.1, [::1] and localhost; use https, or one of these hosts"
    )]
    HttpNotLoopback,
    /// A scheme that is neither https, http nor a private-use scheme in reverse-domain form, and that the
    /// policy does not list; or a scheme that belongs to a browser or an operating system.
    #[error(
        "has a scheme that is not allowed; use https, http to 127.0.0.1, [::1] or localhost, \
         or a private-use scheme in reverse-domain form such as com.example.app; the owner of \
         the tenant can allow other schemes"
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
    /// The stable name of the rule that refused the URI, for programs.
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
