//! Reading a URI as RFC 3986 does, and asking the WHATWG parser for its second opinion.
//!
//! `Url::parse` is no validator: it repairs what it reads. So the raw text is split and checked
//! first, by the grammar alone, and nothing is decoded or normalised on the way.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::Url;

/// A URI, split where RFC 3986 splits it. Every part is a slice of the text.
pub(crate) struct UriParts<'a> {
    pub(crate) scheme: &'a str,
    /// `None` without `//`; what follows it is then all path.
    pub(crate) authority: Option<Authority<'a>>,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    /// Whether there is one, even an empty one.
    pub(crate) has_fragment: bool,
}

/// Host and port of a URI that has no userinfo.
#[derive(Clone, Copy)]
pub(crate) struct Authority<'a> {
    /// As written, with the brackets of an IPv6 literal.
    pub(crate) host: &'a str,
    pub(crate) port: Option<u16>,
}

/// Why a text is not a URI that means the same to every parser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UriFault {
    Character,
    PercentEncoding,
    NotAbsolute,
    Userinfo,
    Host,
    Port,
    Ambiguous,
}

/// What a host of a URI is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    V4(Ipv4Addr),
    V6(Ipv6Addr),
    /// A DNS name; `labels` counts its labels.
    Name {
        labels: usize,
    },
}

/// Which characters may stand anywhere in a URI, a bit each: unreserved, reserved and `%`
/// (RFC 3986 section 2).
const LEGAL: u128 = {
    let mut legal = 0;
    let mut byte = b'!';
    while byte <= b'~' {
        if !matches!(
            byte,
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'
        ) {
            legal |= 1 << byte;
        }
        byte += 1;
    }
    legal
};

impl<'a> UriParts<'a> {
    /// Splits `text`, refusing whatever the grammar of a URI without userinfo does not allow.
    pub(crate) fn read(text: &'a str) -> Result<Self, UriFault> {
        check_bytes(text)?;
        let (scheme, rest) = text.split_once(':').ok_or(UriFault::NotAbsolute)?;
        if !is_scheme(scheme) {
            return Err(UriFault::NotAbsolute);
        }
        let (rest, fragment) = match rest.split_once('#') {
            Some((before, fragment)) => (before, Some(fragment)),
            None => (rest, None),
        };
        let (hierarchy, query) = match rest.split_once('?') {
            Some((hierarchy, query)) => (hierarchy, Some(query)),
            None => (rest, None),
        };
        let (authority, path) = match hierarchy.strip_prefix("//") {
            Some(after) => {
                let (authority, path) = after.split_at(after.find('/').unwrap_or(after.len()));
                (Some(Authority::read(authority)?), path)
            }
            None => (None, hierarchy),
        };
        // Brackets are legal around an IPv6 literal only, and a fragment begins but once.
        let parts = [
            path,
            query.unwrap_or_default(),
            fragment.unwrap_or_default(),
        ];
        if parts.iter().any(|part| part.contains(['[', ']', '#'])) {
            return Err(UriFault::Character);
        }
        Ok(Self {
            scheme,
            authority,
            path,
            query,
            has_fragment: fragment.is_some(),
        })
    }

    /// Whether a segment of the path is `.` or `..`, dots and slashes plain or percent-encoded: a
    /// server may decode before it routes.
    pub(crate) fn has_dot_segment(&self) -> bool {
        if !self.path.contains('%') {
            return self
                .path
                .split('/')
                .any(|segment| matches!(segment, "." | ".."));
        }
        let path = self.path.to_ascii_lowercase();
        let plain = path
            .replace("%2e", ".")
            .replace("%2f", "/")
            .replace("%5c", "/");
        plain
            .split('/')
            .any(|segment| matches!(segment, "." | ".."))
    }

    /// Reads the text once more with the WHATWG parser, and refuses it unless both readings agree.
    ///
    /// Letter case of scheme and host, a default port and an empty path are no difference.
    pub(crate) fn check_second_opinion(&self, text: &str) -> Result<(), UriFault> {
        let url = Url::parse(text).map_err(|_| UriFault::Ambiguous)?;
        let empty_path = self.path.is_empty() && url.path() == "/";
        let agree = url.scheme().eq_ignore_ascii_case(self.scheme)
            && (url.path() == self.path || empty_path)
            && url.query() == self.query
            && self.agrees_on_authority(&url);
        if agree {
            Ok(())
        } else {
            Err(UriFault::Ambiguous)
        }
    }

    /// Whether `url`, parsed from the same text, has the same host and port.
    pub(crate) fn agrees_on_authority(&self, url: &Url) -> bool {
        let Some(authority) = &self.authority else {
            return url.host().is_none() && url.port().is_none();
        };
        let same_host = match url.host() {
            Some(host) => authority.is_host(&host),
            None => authority.host.is_empty(),
        };
        let default = default_port(url.scheme());
        same_host && url.port().or(default) == authority.port.or(default)
    }
}

impl<'a> Authority<'a> {
    fn read(text: &'a str) -> Result<Self, UriFault> {
        if text.contains('@') {
            return Err(UriFault::Userinfo);
        }
        let end_of_host = if text.starts_with('[') {
            text.find(']').ok_or(UriFault::Host)?.saturating_add(1)
        } else {
            text.find(':').unwrap_or(text.len())
        };
        let (host, port) = text.split_at(end_of_host);
        let port = match port.strip_prefix(':') {
            Some(digits) => Some(read_port(digits)?),
            None if port.is_empty() => None,
            None => return Err(UriFault::Host),
        };
        let authority = Self { host, port };
        if host.contains(['[', ']']) && authority.ipv6().is_none() {
            return Err(UriFault::Host);
        }
        let mut labels = host.split('.');
        let empty_label = !host.is_empty() && labels.any(str::is_empty);
        if empty_label || host.contains('%') {
            return Err(UriFault::Host);
        }
        Ok(authority)
    }

    /// What the host is, by the rules of https: a DNS name or an address.
    pub(crate) fn classify(&self) -> Result<Host, UriFault> {
        // A name whose last label begins with a digit is an address to some parsers, by the "ends in
        // a number checker" of the URL standard or by a looser one, and a name to others. So it has to
        // be an address in its one canonical form. No top-level domain begins with a digit.
        self.read_host(|last| last.starts_with(|first: char| first.is_ascii_digit()))
    }

    /// What the host is, where a name whose last label `is_number` has to be an IPv4 address.
    fn read_host(&self, is_number: impl Fn(&str) -> bool) -> Result<Host, UriFault> {
        if let Some(address) = self.ipv6() {
            return Ok(Host::V6(address));
        }
        if is_number(self.host.rsplit('.').next().unwrap_or_default()) {
            return self.host.parse().map(Host::V4).map_err(|_| UriFault::Host);
        }
        if !is_dns_name(self.host) {
            return Err(UriFault::Host);
        }
        Ok(Host::Name {
            labels: self.host.split('.').count(),
        })
    }

    /// Asks the WHATWG parser about the host as if it were one of https: it decodes and checks
    /// A-labels there, and in no other place.
    pub(crate) fn check_host_second_opinion(&self) -> Result<(), UriFault> {
        match url::Host::parse(self.host) {
            Ok(host) if self.is_host(&host) => Ok(()),
            _ => Err(UriFault::Ambiguous),
        }
    }

    fn is_host<S: AsRef<str>>(&self, host: &url::Host<S>) -> bool {
        match host {
            url::Host::Domain(name) => name.as_ref().eq_ignore_ascii_case(self.host),
            url::Host::Ipv4(address) => self.host.parse() == Ok(*address),
            url::Host::Ipv6(address) => self.ipv6() == Some(*address),
        }
    }

    /// Whether connecting to the host stays on the user's own device.
    pub(crate) fn is_loopback(&self) -> bool {
        let host = self.classify();
        host.is_ok_and(|host| host.is_loopback(self.host))
    }

    fn ipv6(&self) -> Option<Ipv6Addr> {
        self.host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
    }
}

impl Host {
    /// Whether connecting to the host named `text` stays on the user's own device.
    pub(crate) fn is_loopback(self, text: &str) -> bool {
        match self {
            // Connecting to the unspecified address ends up on the device too, on most systems.
            Self::V4(address) => address.is_loopback() || address.is_unspecified(),
            Self::V6(address) => {
                let address = address.to_canonical();
                address.is_loopback() || address.is_unspecified()
            }
            // RFC 6761 section 6.3: `localhost` and every name below it.
            Self::Name { .. } => text
                .rsplit('.')
                .next()
                .is_some_and(|label| label.eq_ignore_ascii_case("localhost")),
        }
    }
}

fn check_bytes(text: &str) -> Result<(), UriFault> {
    let bytes = text.as_bytes();
    if !bytes
        .iter()
        .all(|&byte| byte.is_ascii() && (LEGAL >> byte) & 1 == 1)
    {
        return Err(UriFault::Character);
    }
    let mut escapes = bytes.split(|&byte| byte == b'%').skip(1);
    let is_escape = |after: &[u8]| matches!(after, [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit());
    if !text.contains('%') || escapes.all(is_escape) {
        Ok(())
    } else {
        Err(UriFault::PercentEncoding)
    }
}

/// Whether `text` is a scheme (RFC 3986 section 3.1).
pub(super) fn is_scheme(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(legal)
}

/// A label of the preferred name syntax: letters, digits and inner hyphens (RFC 1034 section 3.5).
pub(crate) fn is_dns_label(label: &str) -> bool {
    is_label_of(label, is_in_label)
}

fn is_in_label(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

fn is_label_of(label: &str, is_allowed: impl Fn(u8) -> bool) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(is_allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Whether `text` is a DNS name whose labels have the preferred syntax (RFC 1123 section 2.1), or hold an
/// underscore besides, as those of many real hosts do.
///
/// The last label holds none, because no top-level domain does, nor does an A-label, which parsers
/// decode (RFC 5890 section 2.3.1).
fn is_dns_name(text: &str) -> bool {
    let (above, last) = text.rsplit_once('.').unzip();
    let is_label = |label: &str| {
        let start = label.get(..4).unwrap_or_default();
        let is_encoded = start.eq_ignore_ascii_case("xn--");
        is_label_of(label, |byte| {
            is_in_label(byte) || byte == b'_' && !is_encoded
        })
    };
    let mut above = above.into_iter().flat_map(|it| it.split('.'));
    text.len() <= 253 && is_dns_label(last.unwrap_or(text)) && above.all(is_label)
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

/// Whether `text` is an origin exactly as a browser writes it in an `Origin` header: scheme, host
/// and, unless it is the scheme's own, port (RFC 6454 section 6.2).
///
/// Browser extensions and web views have schemes of their own, such as `chrome-extension` and `capacitor`.
pub(crate) fn is_origin(text: &str) -> bool {
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
        // A browser writes what its parser reads: lower case, A-labels, canonical addresses.
        let written = Url::parse(text).map(|url| url.origin().ascii_serialization());
        return authority.classify().is_ok() && written.is_ok_and(|it| it == text);
    }
    // The host of another scheme is opaque: a browser keeps its letter case.
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let is_lower_case = !parts.scheme.bytes().any(|byte| byte.is_ascii_uppercase());
    is_lower_case
        && !WITHOUT_ORIGIN.contains(&parts.scheme)
        && !authority.host.is_empty()
        && authority.host.bytes().all(legal)
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "https" => Some(443),
        "http" => Some(80),
        _ => None,
    }
}

/// Whether `text` is a host as a `Host` header has it, without port: a DNS name or an address. Machines
/// of private networks have names such as `3f2a9c`, which begin with a digit.
pub(crate) fn is_host(text: &str) -> bool {
    let is_number = |last: &str| last.bytes().all(|byte| byte.is_ascii_digit());
    Authority::read(text).is_ok_and(|it| it.port.is_none() && it.read_host(is_number).is_ok())
}

/// Whether `text` is a DNS name or an IPv4 address.
pub(crate) fn is_host_name(text: &str) -> bool {
    is_dns_name(text)
}

pub(super) fn read_port(digits: &str) -> Result<u16, UriFault> {
    let canonical = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse() {
        Ok(port) if canonical => Ok(port),
        _ => Err(UriFault::Port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_header_may_name_a_machine_by_a_digit() {
        for host in [
            "3f2a9c",
            "node.1a",
            "127.0.0.1",
            "[::1]",
            "auth.example.com",
            "auth_1.example.com",
        ] {
            assert!(is_host(host), "{host}");
        }
        for text in [
            "127.1",
            "2130706433",
            "a..b",
            "a.example.",
            "a:80",
            "a.b_c",
            "xn--a_b.example",
            "[::1",
            "",
        ] {
            assert!(!is_host(text), "{text}");
        }
    }
}
