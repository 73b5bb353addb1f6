//! The second opinion: how the WHATWG parser, which browsers use, reads the same text.

use std::net::Ipv6Addr;

use url::Url;

use crate::uri::{authority::Authority, fault::UriFault, parts::UriParts};

impl UriParts<'_> {
    /// Parses the text again with the WHATWG parser, and refuses it unless both results agree.
    ///
    /// The letter case of scheme and host, a default port and an empty path do not count as differences.
    pub(crate) fn check_second_opinion(&self) -> Result<(), UriFault> {
        let url = self.read_again()?;
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

    /// Does the same as [`Self::check_second_opinion`], but compares only host and port.
    pub(crate) fn check_second_opinion_of_authority(&self) -> Result<(), UriFault> {
        if self.agrees_on_authority(&self.read_again()?) {
            Ok(())
        } else {
            Err(UriFault::Ambiguous)
        }
    }

    fn read_again(&self) -> Result<Url, UriFault> {
        Url::parse(self.text).map_err(|_| UriFault::Ambiguous)
    }

    fn agrees_on_authority(&self, url: &Url) -> bool {
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

impl Authority<'_> {
    /// Checks the host with the WHATWG parser as if the scheme were https. The parser decodes and checks
    /// A-labels only in such hosts.
    pub(crate) fn check_second_opinion_of_host(&self) -> Result<(), UriFault> {
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
}

/// The URL in `text` as a browser writes it, or `None` if a browser reads no URL in `text`.
pub(crate) fn written_url(text: &str) -> Option<String> {
    Url::parse(text).ok().map(String::from)
}

/// The origin of an http or https URL as a browser writes it: lower case, A-labels, canonical
/// addresses, and no default port. The result is `None` if a browser reads no URL in `text`.
pub(crate) fn written_origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    Some(url.origin().ascii_serialization())
}

/// An IPv6 host as a browser writes it: in brackets, and shortened by the URL standard.
pub(crate) fn written_ipv6(address: Ipv6Addr) -> String {
    url::Host::<&str>::Ipv6(address).to_string()
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "https" => Some(443),
        "http" => Some(80),
        _ => None,
    }
}
