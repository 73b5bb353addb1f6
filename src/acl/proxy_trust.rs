//! The true address of a client behind proxies.

use std::{net::IpAddr, num::NonZeroU8};

use serde::{Deserialize, Serialize};

use crate::acl::{NetworkSet, UnknownReason, hops};

/// Which header the trusted proxies write the client's address in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// Whichever header is present. If both are present and lead to different addresses, the address is
    /// unknown: a proxy passes on what it does not write, so a client may have added one of them.
    #[default]
    Either,
    /// `X-Forwarded-For` alone.
    XForwardedFor,
    /// `Forwarded` (RFC 7239) alone.
    Forwarded,
}

/// Whose word about a client counts: a tenant's `trusted_proxies`, `trusted_hops` and
/// `forwarded_header`.
///
/// ```
/// use oauth_dcr::acl::{ClientAddress, ForwardedHeader, NetworkSet, ProxyTrust};
///
/// let proxies: NetworkSet = ["10.0.0.0/8".parse()?].into_iter().collect();
/// let trust = ProxyTrust::new(&proxies).header(ForwardedHeader::XForwardedFor);
///
/// // The client wrote the first value, the proxy added the second one.
/// let lines: [&[u8]; 1] = [b"\xff, 203.0.113.5"];
/// let client = trust.client_address(Some("10.0.0.2".parse()?), lines, []);
/// assert_eq!(client, ClientAddress::Known("203.0.113.5".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ProxyTrust<'a> {
    proxies: &'a NetworkSet,
    header: ForwardedHeader,
    hops: Option<NonZeroU8>,
}

/// What proxies say of the address of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum ClientAddress {
    /// No trusted proxy named a client: the peer is the client.
    NotForwarded,
    /// The client's address, an IPv4-mapped one as its IPv4 address.
    Known(IpAddr),
    /// A trusted proxy passed the request on, and its client can't be determined.
    Unknown(UnknownReason),
}

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// A proxy whose headers are believed.
    TrustedProxy,
    /// Anybody else: headers about the client are the client's own, and do not exist.
    Stranger,
    /// One of the two: the address is not known.
    Unknown,
}

impl<'a> ProxyTrust<'a> {
    /// Trusts the proxies in these networks. If there are none, no header is believed.
    pub const fn new(proxies: &'a NetworkSet) -> Self {
        Self {
            proxies,
            header: ForwardedHeader::Either,
            hops: None,
        }
    }

    /// Sets the header in which the proxies name the client. Default: either of the two.
    #[must_use]
    pub const fn header(self, header: ForwardedHeader) -> Self {
        Self { header, ..self }
    }

    /// Takes every connection to come through this many proxies, whatever their addresses. The client
    /// is that value from the right. If networks are trusted as well, the peer has to be in one.
    #[must_use]
    pub const fn hops(self, hops: Option<NonZeroU8>) -> Self {
        Self { hops, ..self }
    }

    /// The address of the client of a connection from `peer`. The other arguments are the lines of the
    /// two headers, as bytes and in their order.
    ///
    /// Values are read from the right, for as long as they are trusted proxies: the first other one is
    /// the client, and if there is none, the leftmost. What stands further left is never looked at. An
    /// empty value is unreadable like any other that is no address; RFC 9110 section 5.6.1.2 would skip
    /// it, but then the client's own text would take the place of what a proxy failed to write.
    pub fn client_address<'l, X, F>(
        &self,
        peer: Option<IpAddr>,
        x_forwarded_for: X,
        forwarded: F,
    ) -> ClientAddress
    where
        X: IntoIterator<Item = &'l [u8], IntoIter: DoubleEndedIterator>,
        F: IntoIterator<Item = &'l [u8], IntoIter: DoubleEndedIterator>,
    {
        match self.peer(peer) {
            Peer::Stranger => return ClientAddress::NotForwarded,
            Peer::Unknown => return ClientAddress::Unknown(UnknownReason::NoPeerAddress),
            Peer::TrustedProxy => {}
        }
        let x_forwarded_for = hops::of_x_forwarded_for(x_forwarded_for.into_iter());
        let forwarded = hops::of_forwarded(forwarded.into_iter());
        let client = match self.header {
            ForwardedHeader::XForwardedFor => self.walk(x_forwarded_for),
            ForwardedHeader::Forwarded => self.walk(forwarded),
            ForwardedHeader::Either => match (self.walk(x_forwarded_for), self.walk(forwarded)) {
                (ClientAddress::NotForwarded, only) | (only, ClientAddress::NotForwarded) => only,
                (one, other) if one == other => one,
                _ => ClientAddress::Unknown(UnknownReason::ConflictingHeaders),
            },
        };
        match (client, self.hops) {
            (ClientAddress::NotForwarded, Some(_)) => {
                ClientAddress::Unknown(UnknownReason::MissingHop)
            }
            _ => client,
        }
    }

    /// Who is at the other end of a connection from this address.
    pub(crate) fn peer(&self, peer: Option<IpAddr>) -> Peer {
        match peer {
            _ if self.proxies.is_empty() && self.hops.is_some() => Peer::TrustedProxy,
            _ if self.proxies.is_empty() => Peer::Stranger,
            Some(peer) if self.proxies.contains(peer) => Peer::TrustedProxy,
            Some(_) => Peer::Stranger,
            None => Peer::Unknown,
        }
    }

    /// Whether any connection can come from such a proxy.
    pub(crate) fn is_possible(&self) -> bool {
        !self.proxies.is_empty() || self.hops.is_some()
    }

    /// Walks the hops of one header from the right.
    fn walk(&self, mut hops: impl Iterator<Item = Option<IpAddr>>) -> ClientAddress {
        let read = |hop: Option<IpAddr>| {
            hop.map_or(
                ClientAddress::Unknown(UnknownReason::UnreadableHop),
                ClientAddress::Known,
            )
        };
        let Some(mut hop) = hops.next() else {
            return ClientAddress::NotForwarded;
        };
        if let Some(count) = self.hops {
            let nth = (1..count.get()).try_fold(hop, |_, _| hops.next());
            return nth.map_or(ClientAddress::Unknown(UnknownReason::MissingHop), read);
        }
        while hop.is_some_and(|address| self.proxies.contains(address)) {
            match hops.next() {
                Some(next) => hop = next,
                None => break,
            }
        }
        read(hop)
    }
}
