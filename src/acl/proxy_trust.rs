//! Finds the true address of a client behind proxies.

use std::{net::IpAddr, num::NonZeroU8};

use serde::{Deserialize, Serialize};

use crate::acl::{NetworkSet, UnknownReason, hops};

/// The header in which the trusted proxies write the client's address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// The header that is present. If both headers are present and lead to different addresses, the address
    /// is unknown: a proxy passes on headers that it does not write, so the client may have added one of
    /// them.
    #[default]
    Either,
    /// Only `X-Forwarded-For`.
    XForwardedFor,
    /// Only `Forwarded` (RFC 7239).
    Forwarded,
}

/// The proxies whose headers are trusted: a tenant's `trusted_proxies`, `trusted_hops` and
/// `forwarded_header`.
///
/// ```
/// use oauth_dcr::acl::{ClientAddress, ForwardedHeader, NetworkSet, ProxyTrust};
///
/// let proxies: NetworkSet = ["10.0.0.0/8".parse()?].into_iter().collect();
/// let trust = ProxyTrust::new(&proxies).header(ForwardedHeader::XForwardedFor);
///
/// // The client wrote the first value, and the proxy added the second value.
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

/// The address of a client, as the proxies report it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum ClientAddress {
    /// No trusted proxy named a client: the peer is the client.
    NotForwarded,
    /// The client's address. An IPv4-mapped IPv6 address is converted to its IPv4 address.
    Known(IpAddr),
    /// A trusted proxy passed on the request, but the address of the client can't be determined.
    Unknown(UnknownReason),
}

/// The party at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// A proxy whose headers are trusted.
    TrustedProxy,
    /// Any other party. Its headers about the client are ignored, because the client may have written them.
    Stranger,
    /// A party whose address is not known, so it may be a trusted proxy or not.
    Unknown,
}

impl<'a> ProxyTrust<'a> {
    /// Trusts the proxies in these networks. If there are no networks, no header is trusted.
    pub const fn new(proxies: &'a NetworkSet) -> Self {
        Self {
            proxies,
            header: ForwardedHeader::Either,
            hops: None,
        }
    }

    /// Sets the header in which the proxies name the client. The default is either of the two headers.
    #[must_use]
    pub const fn header(self, header: ForwardedHeader) -> Self {
        Self { header, ..self }
    }

    /// Sets the number of proxies through which every connection comes, whatever their addresses. The client
    /// is the value at this position, counted from the right. If networks are trusted too, the peer must be
    /// in one of them.
    #[must_use]
    pub const fn hops(self, hops: Option<NonZeroU8>) -> Self {
        Self { hops, ..self }
    }

    /// The address of the client of a connection from `peer`. The other arguments are the lines of the
    /// two headers, as bytes and in their order.
    ///
    /// Values are read from the right. Values that are trusted proxies are skipped, and the first other value
    /// is the client. If all values are trusted proxies, the leftmost value is the client. Values to the left
    /// of the client are never read.
    ///
    /// An empty value can't be read, like any other value that is not an address. RFC 9110 section 5.6.1.2
    /// allows to skip it, but then a value from the client could take the place of a value that a proxy
    /// failed to write.
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

    /// The party at the other end of a connection from this address.
    pub(crate) fn peer(&self, peer: Option<IpAddr>) -> Peer {
        match peer {
            _ if self.proxies.is_empty() && self.hops.is_some() => Peer::TrustedProxy,
            _ if self.proxies.is_empty() => Peer::Stranger,
            Some(peer) if self.proxies.contains(peer) => Peer::TrustedProxy,
            Some(_) => Peer::Stranger,
            None => Peer::Unknown,
        }
    }

    /// Whether a connection can come from a trusted proxy at all.
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
