use std::net::Ipv6Addr;

use crate::uri::{
    fault::UriFault,
    grammar::{is_host_name, read_port},
    host::Host,
};

/// Host and port of a URI that has no userinfo.
#[derive(Clone, Copy)]
pub(crate) struct Authority<'a> {
    /// As written, with the brackets of an IPv6 literal.
    pub(crate) host: &'a str,
    pub(crate) port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// Splits `text` into host and port, and refuses everything else.
    pub(crate) fn read(text: &'a str) -> Result<Self, UriFault> {
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

    /// Classifies the host by the rules of https: it is a DNS name or an address.
    pub(crate) fn classify(&self) -> Result<Host<'a>, UriFault> {
        if let Some(address) = self.ipv6() {
            return Ok(Host::V6(address));
        }
        // If the last label begins with a digit, some parsers read the host as an address (by the "ends
        // in a number checker" of the URL standard, or a looser check), and others as a name. So it must
        // be an address in canonical form. No top-level domain begins with a digit.
        let last = self.host.rsplit('.').next().unwrap_or_default();
        if last.starts_with(|first: char| first.is_ascii_digit()) {
            return self.host.parse().map(Host::V4).map_err(|_| UriFault::Host);
        }
        if !is_host_name(self.host) {
            return Err(UriFault::Host);
        }
        Ok(Host::Name(self.host))
    }

    /// Whether connecting to the host stays on the user's own device.
    pub(crate) fn is_loopback(&self) -> bool {
        self.classify().is_ok_and(Host::is_loopback)
    }

    pub(super) fn ipv6(&self) -> Option<Ipv6Addr> {
        self.host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
    }
}
