use serde::{Deserialize, Serialize};

/// A property of a request that a rule can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Signal {
    /// The client's address: `ipv4_cidrs` and `ipv6_cidrs`.
    Source,
    /// The connection's address: `connecting_ipv4_cidrs` and `connecting_ipv6_cidrs`.
    Connecting,
    /// The client's country: `geo_country_codes`.
    Country,
    /// The client's subdivision: `geo_subdivision_codes`.
    Subdivision,
    /// The autonomous system of the client's address: `asns`.
    Asn,
    /// The JA3 fingerprint of the client's TLS handshake: `ja3_fingerprints`.
    Ja3,
    /// The JA4 fingerprint of the client's TLS handshake: `ja4_fingerprints`.
    Ja4,
    /// The `User-Agent` header: `user_agents`.
    UserAgent,
    /// The host name to which the request was sent: `hostnames`.
    Hostname,
}

/// A signal other than an address that the network's edge or the host program provides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EdgeSignal {
    /// The client's country.
    #[serde(rename = "geo_country_codes")]
    Country,
    /// The client's subdivision.
    #[serde(rename = "geo_subdivision_codes")]
    Subdivision,
    /// The autonomous system of the client's address.
    #[serde(rename = "asns")]
    Asn,
    /// The JA3 fingerprint of the client's TLS handshake.
    #[serde(rename = "ja3_fingerprints")]
    Ja3,
    /// The JA4 fingerprint of the client's TLS handshake.
    #[serde(rename = "ja4_fingerprints")]
    Ja4,
}

/// A text does not have the form that the signal requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text does not have the form that this signal requires")]
pub struct InvalidSignal;

impl Signal {
    /// The name of the signal for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source address",
            Self::Connecting => "connecting address",
            Self::Country => "country",
            Self::Subdivision => "subdivision",
            Self::Asn => "ASN",
            Self::Ja3 => "JA3",
            Self::Ja4 => "JA4",
            Self::UserAgent => "user agent",
            Self::Hostname => "host name",
        }
    }

    /// The stable name for events and metrics, which is the name of the variant in snake case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Connecting => "connecting",
            Self::Country => "country",
            Self::Subdivision => "subdivision",
            Self::Asn => "asn",
            Self::Ja3 => "ja3",
            Self::Ja4 => "ja4",
            Self::UserAgent => "user_agent",
            Self::Hostname => "hostname",
        }
    }

    /// The member of `match` and `not_match` that lists values of the signal. An address has a member for
    /// each family, and this is the member for IPv4.
    pub const fn member(self) -> &'static str {
        match self {
            Self::Source => "ipv4_cidrs",
            Self::Connecting => "connecting_ipv4_cidrs",
            Self::Country => "geo_country_codes",
            Self::Subdivision => "geo_subdivision_codes",
            Self::Asn => "asns",
            Self::Ja3 => "ja3_fingerprints",
            Self::Ja4 => "ja4_fingerprints",
            Self::UserAgent => "user_agents",
            Self::Hostname => "hostnames",
        }
    }
}

impl EdgeSignal {
    /// All edge signals.
    pub const ALL: [Self; 5] = [
        Self::Country,
        Self::Subdivision,
        Self::Asn,
        Self::Ja3,
        Self::Ja4,
    ];
}

impl From<EdgeSignal> for Signal {
    fn from(signal: EdgeSignal) -> Self {
        match signal {
            EdgeSignal::Country => Self::Country,
            EdgeSignal::Subdivision => Self::Subdivision,
            EdgeSignal::Asn => Self::Asn,
            EdgeSignal::Ja3 => Self::Ja3,
            EdgeSignal::Ja4 => Self::Ja4,
        }
    }
}
