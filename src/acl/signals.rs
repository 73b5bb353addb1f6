use std::net::IpAddr;

use crate::acl::{Asn, CountryCode, Ja3, Ja4, Signal, SubdivisionCode};

/// What is known of a request before its body: what rules are about. A signal that is not known is
/// absent: no rule matches it, and every rule that excludes values of it holds.
///
/// ```
/// use oauth_dcr::acl::Signals;
///
/// let signals = Signals::from_peer("203.0.113.5".parse()?).user_agent("curl/8.5.0");
/// assert_eq!(signals.source(), Some("203.0.113.5".parse()?));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signals<'a> {
    source: Option<IpAddr>,
    connecting: Option<IpAddr>,
    pub(super) country: Option<CountryCode>,
    pub(super) subdivision: Option<SubdivisionCode>,
    pub(super) asn: Option<Asn>,
    pub(super) ja3: Option<Ja3>,
    pub(super) ja4: Option<Ja4>,
    pub(super) user_agent: Option<&'a str>,
    pub(super) hostname: Option<&'a str>,
}

impl<'a> Signals<'a> {
    /// Nothing is known.
    pub fn unknown() -> Self {
        Self::default()
    }

    /// The request comes straight from `peer`.
    pub fn from_peer(peer: IpAddr) -> Self {
        Self::unknown().connecting(peer).with_source(peer)
    }

    /// Sets the address of the client behind the proxies.
    #[must_use]
    pub fn with_source(self, address: IpAddr) -> Self {
        // An IPv4-mapped IPv6 address is what a dual-stack socket makes of an IPv4 one.
        Self {
            source: Some(address.to_canonical()),
            ..self
        }
    }

    /// Sets the address that the connection comes from.
    #[must_use]
    pub fn connecting(self, address: IpAddr) -> Self {
        Self {
            connecting: Some(address.to_canonical()),
            ..self
        }
    }

    /// Sets the client's country.
    #[must_use]
    pub fn country(self, country: CountryCode) -> Self {
        Self {
            country: Some(country),
            ..self
        }
    }

    /// Sets the client's subdivision.
    #[must_use]
    pub fn subdivision(self, subdivision: SubdivisionCode) -> Self {
        Self {
            subdivision: Some(subdivision),
            ..self
        }
    }

    /// Sets the autonomous system that the client's address belongs to.
    #[must_use]
    pub fn asn(self, asn: Asn) -> Self {
        Self {
            asn: Some(asn),
            ..self
        }
    }

    /// Sets the JA3 fingerprint of the client's TLS handshake.
    #[must_use]
    pub fn ja3(self, ja3: Ja3) -> Self {
        Self {
            ja3: Some(ja3),
            ..self
        }
    }

    /// Sets the JA4 fingerprint of the client's TLS handshake.
    #[must_use]
    pub fn ja4(self, ja4: Ja4) -> Self {
        Self {
            ja4: Some(ja4),
            ..self
        }
    }

    /// Sets the `User-Agent`.
    #[must_use]
    pub fn user_agent(self, user_agent: &'a str) -> Self {
        Self {
            user_agent: Some(user_agent),
            ..self
        }
    }

    /// Sets the host name that the request was sent to, without port.
    #[must_use]
    pub fn hostname(self, hostname: &'a str) -> Self {
        Self {
            hostname: Some(hostname),
            ..self
        }
    }

    /// The address of the client, an IPv4-mapped one as its IPv4 address.
    pub const fn source(&self) -> Option<IpAddr> {
        self.source
    }

    /// The address that the connection comes from, an IPv4-mapped one as its IPv4 address.
    pub const fn peer(&self) -> Option<IpAddr> {
        self.connecting
    }

    /// Whether `signal` is known.
    pub const fn knows(&self, signal: Signal) -> bool {
        match signal {
            Signal::Source => self.source.is_some(),
            Signal::Connecting => self.connecting.is_some(),
            Signal::Country => self.country.is_some(),
            Signal::Subdivision => self.subdivision.is_some(),
            Signal::Asn => self.asn.is_some(),
            Signal::Ja3 => self.ja3.is_some(),
            Signal::Ja4 => self.ja4.is_some(),
            Signal::UserAgent => self.user_agent.is_some(),
            Signal::Hostname => self.hostname.is_some(),
        }
    }

    /// The same signals, and of these the ones that are not known yet.
    pub(crate) fn or_located(
        self,
        country: Option<CountryCode>,
        subdivision: Option<SubdivisionCode>,
        asn: Option<Asn>,
    ) -> Self {
        Self {
            country: self.country.or(country),
            subdivision: self.subdivision.or(subdivision),
            asn: self.asn.or(asn),
            ..self
        }
    }

    /// The client's country.
    pub const fn country_code(&self) -> Option<CountryCode> {
        self.country
    }
}
