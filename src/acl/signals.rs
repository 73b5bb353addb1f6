use std::net::IpAddr;

use crate::acl::{
    Asn, ClientAddress, CountryCode, EdgeSignal, Ja3, Ja4, Reading, Signal, SubdivisionCode,
    UnknownReason,
};

/// The signals of a request, which rules use. They are known before the body is read.
///
/// An address is unknown until the host sets it. Any other signal is absent until it is set. If nothing could
/// have provided a signal, the engine changes it from absent to unknown.
///
/// ```
/// use oauth_dcr::acl::{Reading, Signal, Signals};
///
/// let signals = Signals::from_peer("203.0.113.5".parse()?).user_agent("curl/8.5.0");
/// assert_eq!(signals.source(), Some("203.0.113.5".parse()?));
/// assert_eq!(signals.reading(Signal::Country), Reading::Absent);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signals<'a> {
    pub(crate) source: Reading<IpAddr>,
    pub(super) connecting: Reading<IpAddr>,
    pub(crate) country: Reading<CountryCode>,
    pub(crate) subdivision: Reading<SubdivisionCode>,
    pub(crate) asn: Reading<Asn>,
    pub(crate) ja3: Reading<Ja3>,
    pub(crate) ja4: Reading<Ja4>,
    pub(crate) user_agent: Reading<&'a str>,
    pub(crate) hostname: Reading<&'a str>,
}

impl Default for Signals<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a> Signals<'a> {
    /// The signals of a request before any signal is set: the addresses are unknown, and the other signals
    /// are absent.
    pub const fn new() -> Self {
        Self {
            source: Reading::Unknown(UnknownReason::NoPeerAddress),
            connecting: Reading::Unknown(UnknownReason::NoPeerAddress),
            country: Reading::Absent,
            subdivision: Reading::Absent,
            asn: Reading::Absent,
            ja3: Reading::Absent,
            ja4: Reading::Absent,
            user_agent: Reading::Absent,
            hostname: Reading::Absent,
        }
    }

    /// The signals of a request that comes directly from `peer`, without a proxy.
    pub fn from_peer(peer: IpAddr) -> Self {
        Self::new().connecting(peer).with_source(peer)
    }

    /// Sets the address of the client behind the proxies.
    #[must_use]
    pub fn with_source(self, address: IpAddr) -> Self {
        // A dual-stack socket reports an IPv4 address as an IPv4-mapped IPv6 address.
        Self {
            source: Reading::Known(address.to_canonical()),
            ..self
        }
    }

    /// Sets the address of the client that the proxies report. If the request was not forwarded, the address
    /// is unchanged.
    #[must_use]
    pub fn forwarded(self, client: ClientAddress) -> Self {
        match client {
            ClientAddress::NotForwarded => self,
            ClientAddress::Known(address) => self.with_source(address),
            ClientAddress::Unknown(reason) => Self {
                source: Reading::Unknown(reason),
                ..self
            },
        }
    }

    /// Sets the address of the connection's peer.
    #[must_use]
    pub fn connecting(self, address: IpAddr) -> Self {
        Self {
            connecting: Reading::Known(address.to_canonical()),
            ..self
        }
    }

    /// Sets the client's country.
    #[must_use]
    pub fn country(self, country: CountryCode) -> Self {
        Self {
            country: Reading::Known(country),
            ..self
        }
    }

    /// Sets the client's subdivision.
    #[must_use]
    pub fn subdivision(self, subdivision: SubdivisionCode) -> Self {
        Self {
            subdivision: Reading::Known(subdivision),
            ..self
        }
    }

    /// Sets the autonomous system of the client's address.
    #[must_use]
    pub fn asn(self, asn: Asn) -> Self {
        Self {
            asn: Reading::Known(asn),
            ..self
        }
    }

    /// Sets the JA3 fingerprint of the client's TLS handshake.
    #[must_use]
    pub fn ja3(self, ja3: Ja3) -> Self {
        Self {
            ja3: Reading::Known(ja3),
            ..self
        }
    }

    /// Sets the JA4 fingerprint of the client's TLS handshake.
    #[must_use]
    pub fn ja4(self, ja4: Ja4) -> Self {
        Self {
            ja4: Reading::Known(ja4),
            ..self
        }
    }

    /// Marks `signal` as unknown. Call this method if the signal was sent but can't be read, so that it does
    /// not count as absent.
    #[must_use]
    pub fn unknown(mut self, signal: EdgeSignal, reason: UnknownReason) -> Self {
        match signal {
            EdgeSignal::Country => self.country = Reading::Unknown(reason),
            EdgeSignal::Subdivision => self.subdivision = Reading::Unknown(reason),
            EdgeSignal::Asn => self.asn = Reading::Unknown(reason),
            EdgeSignal::Ja3 => self.ja3 = Reading::Unknown(reason),
            EdgeSignal::Ja4 => self.ja4 = Reading::Unknown(reason),
        }
        self
    }

    /// Sets the `User-Agent`.
    #[must_use]
    pub fn user_agent(self, user_agent: &'a str) -> Self {
        Self {
            user_agent: Reading::Known(user_agent),
            ..self
        }
    }

    /// Sets the host name to which the request was sent, without the port.
    #[must_use]
    pub fn hostname(self, hostname: &'a str) -> Self {
        Self {
            hostname: Reading::Known(hostname),
            ..self
        }
    }

    /// The address of the client, if it is known. An IPv4-mapped address is converted to its IPv4 address.
    pub fn source(&self) -> Option<IpAddr> {
        self.source.known()
    }

    /// The address of the connection's peer, if it is known. An IPv4-mapped address is converted to its IPv4
    /// address.
    pub fn peer(&self) -> Option<IpAddr> {
        self.connecting.known()
    }

    /// Whether `signal` is known, absent, or unknown for a reason.
    pub fn reading(&self, signal: Signal) -> Reading<()> {
        match signal {
            Signal::Source => self.source.map(drop),
            Signal::Connecting => self.connecting.map(drop),
            Signal::Country => self.country.map(drop),
            Signal::Subdivision => self.subdivision.map(drop),
            Signal::Asn => self.asn.map(drop),
            Signal::Ja3 => self.ja3.map(drop),
            Signal::Ja4 => self.ja4.map(drop),
            Signal::UserAgent => self.user_agent.map(drop),
            Signal::Hostname => self.hostname.map(drop),
        }
    }

    /// The reading of each signal, as text.
    pub(super) fn readings(&self) -> [(Signal, Reading<String>); 9] {
        let text = |reading: Reading<&str>| reading.map(str::to_owned);
        [
            (Signal::Source, self.source.map(|ip| ip.to_string())),
            (Signal::Connecting, self.connecting.map(|ip| ip.to_string())),
            (Signal::Country, self.country.map(|code| code.to_string())),
            (
                Signal::Subdivision,
                self.subdivision.map(|code| code.to_string()),
            ),
            (Signal::Asn, self.asn.map(|asn| asn.to_string())),
            (Signal::Ja3, self.ja3.map(|ja3| ja3.to_string())),
            (Signal::Ja4, self.ja4.map(|ja4| ja4.to_string())),
            (Signal::UserAgent, text(self.user_agent)),
            (Signal::Hostname, text(self.hostname)),
        ]
    }
}
