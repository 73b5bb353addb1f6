use std::hash::{Hash, Hasher};

use ipnet::IpNet;

use crate::{
    acl::{
        AclFault, Asn, CountryCode, Ja3, Ja4, NetworkSet, Reading, Signals, SubdivisionCode,
        UnknownSignal,
    },
    uri::is_host_name,
};

/// Lists of values, one for each signal that a rule looks at.
///
/// A request meets the conditions of a `match` if every listed signal has one of its values, and
/// those of a `not_match` if none has. Where that depends on a signal that is unknown, the rule can't be
/// evaluated.
///
/// ```
/// use oauth_dcr::acl::{Conditions, CountryCode};
///
/// let office = Conditions::new()
///     .networks(["198.51.100.0/24".parse()?, "2001:db8::/32".parse()?])
///     .countries([CountryCode::parse("SE")?]);
/// # let _ = office;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions(Vec<Condition>);

/// The values that are listed for one signal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Condition {
    Source(Networks),
    Connecting(Networks),
    Country(Values<CountryCode>),
    Subdivision(Values<SubdivisionCode>),
    Asn(Values<Asn>),
    Ja3(Values<Ja3>),
    Ja4(Values<Ja4>),
    UserAgent(Values<Box<str>>),
    /// In lower case.
    Hostname(Values<Box<str>>),
}

/// A signal that a rule can look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Signal {
    /// The client's address: `ipv4_cidrs` and `ipv6_cidrs`.
    Source,
    /// The connection's address: `connecting_ipv4_cidrs` and `connecting_ipv6_cidrs`.
    Connecting,
    /// `geo_country_codes`
    Country,
    /// `geo_subdivision_codes`
    Subdivision,
    /// `asns`
    Asn,
    /// `ja3_fingerprints`
    Ja3,
    /// `ja4_fingerprints`
    Ja4,
    /// `user_agents`
    UserAgent,
    /// `hostnames`
    Hostname,
}

/// Which side of a rule its conditions are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Side {
    /// Each signal has one of the values that are listed for it.
    Match,
    /// None has.
    NotMatch,
}

/// Whether something holds, as far as the signals of a request tell: logic with three values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    No,
    Yes,
    /// It depends on this signal, which is unknown.
    Unknown(UnknownSignal),
}

impl Side {
    /// The member of a rule that has these conditions.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::NotMatch => "not_match",
        }
    }
}

impl Truth {
    /// Whether all of `parts` hold. One that certainly does not outweighs those that are unknown; of
    /// these, the first is named.
    pub(super) fn all(parts: impl Iterator<Item = Self>) -> Self {
        let mut all = Self::Yes;
        for part in parts {
            match part {
                Self::No => return Self::No,
                Self::Unknown(_) if all == Self::Yes => all = part,
                Self::Yes | Self::Unknown(_) => {}
            }
        }
        all
    }
}

/// Networks as they were written, and as they are searched.
#[derive(Clone, Debug)]
pub(super) struct Networks {
    /// The IPv4 ones first.
    written: Box<[IpNet]>,
    set: NetworkSet,
}

/// Values in the order of searching, each once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Values<T>(Box<[T]>);

impl Conditions {
    /// No signal is looked at. A rule needs at least one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lists networks for the client's address.
    #[must_use]
    pub fn networks(self, networks: impl IntoIterator<Item = IpNet>) -> Self {
        self.with(Condition::Source(Networks::new(networks)))
    }

    /// Lists networks for the connection's address.
    #[must_use]
    pub fn connecting(self, networks: impl IntoIterator<Item = IpNet>) -> Self {
        self.with(Condition::Connecting(Networks::new(networks)))
    }

    /// Lists countries.
    #[must_use]
    pub fn countries(self, countries: impl IntoIterator<Item = CountryCode>) -> Self {
        self.with(Condition::Country(Values::new(countries)))
    }

    /// Lists subdivisions.
    #[must_use]
    pub fn subdivisions(self, subdivisions: impl IntoIterator<Item = SubdivisionCode>) -> Self {
        self.with(Condition::Subdivision(Values::new(subdivisions)))
    }

    /// Lists autonomous systems.
    #[must_use]
    pub fn asns(self, asns: impl IntoIterator<Item = Asn>) -> Self {
        self.with(Condition::Asn(Values::new(asns)))
    }

    /// Lists JA3 fingerprints.
    #[must_use]
    pub fn ja3(self, fingerprints: impl IntoIterator<Item = Ja3>) -> Self {
        self.with(Condition::Ja3(Values::new(fingerprints)))
    }

    /// Lists JA4 fingerprints.
    #[must_use]
    pub fn ja4(self, fingerprints: impl IntoIterator<Item = Ja4>) -> Self {
        self.with(Condition::Ja4(Values::new(fingerprints)))
    }

    /// Lists user agents, each compared as a whole.
    #[must_use]
    pub fn user_agents<I>(self, user_agents: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let texts = user_agents
            .into_iter()
            .map(|text| text.into().into_boxed_str());
        self.with(Condition::UserAgent(Values::new(texts)))
    }

    /// Lists host names, compared without letter case.
    #[must_use]
    pub fn hostnames<I>(self, hostnames: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let folded = hostnames
            .into_iter()
            .map(|text| text.into().to_ascii_lowercase());
        self.with(Condition::Hostname(Values::new(
            folded.map(String::into_boxed_str),
        )))
    }

    /// Adds `condition` in place of one for the same signal. They are kept in the order of the
    /// signals, so that conditions that say the same are equal.
    pub(super) fn with(mut self, condition: Condition) -> Self {
        self.0.retain(|other| other.signal() != condition.signal());
        let before = |other: &Condition| other.signal() < condition.signal();
        let at = self.0.partition_point(before);
        self.0.insert(at, condition);
        self
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Condition> {
        self.0.iter()
    }
}

impl Condition {
    pub(super) const fn signal(&self) -> Signal {
        match self {
            Self::Source(_) => Signal::Source,
            Self::Connecting(_) => Signal::Connecting,
            Self::Country(_) => Signal::Country,
            Self::Subdivision(_) => Signal::Subdivision,
            Self::Asn(_) => Signal::Asn,
            Self::Ja3(_) => Signal::Ja3,
            Self::Ja4(_) => Signal::Ja4,
            Self::UserAgent(_) => Signal::UserAgent,
            Self::Hostname(_) => Signal::Hostname,
        }
    }

    /// How many values the longest of its lists has; networks have a list for each family.
    pub(super) fn longest_list(&self) -> usize {
        match self {
            Self::Source(listed) | Self::Connecting(listed) => {
                let (v4, v6) = listed.families();
                v4.len().max(v6.len())
            }
            Self::Country(listed) => listed.0.len(),
            Self::Subdivision(listed) => listed.0.len(),
            Self::Asn(listed) => listed.0.len(),
            Self::Ja3(listed) => listed.0.len(),
            Self::Ja4(listed) => listed.0.len(),
            Self::UserAgent(listed) | Self::Hostname(listed) => listed.0.len(),
        }
    }

    /// The first value that would be read as something else than it says, or not at all, if the
    /// rule were printed and read again: the field that it is in, its position there if that is
    /// known, and what is wrong with it.
    pub(super) fn flaw(&self) -> Option<(&'static str, Option<usize>, AclFault)> {
        match self {
            Self::Source(listed) => listed.host_bits(["ipv4_cidrs", "ipv6_cidrs"]),
            Self::Connecting(listed) => {
                listed.host_bits(["connecting_ipv4_cidrs", "connecting_ipv6_cidrs"])
            }
            Self::UserAgent(listed) => {
                let is_bad = listed.iter().any(|text| text.is_empty());
                is_bad.then_some(("user_agents", None, AclFault::Malformed))
            }
            Self::Hostname(listed) => {
                let is_bad = listed.iter().any(|text| !is_host_name(text));
                is_bad.then_some(("hostnames", None, AclFault::Malformed))
            }
            Self::Country(_)
            | Self::Subdivision(_)
            | Self::Asn(_)
            | Self::Ja3(_)
            | Self::Ja4(_) => None,
        }
    }

    /// Whether the condition holds for `signals` on this side of a rule. A signal that is absent has
    /// none of the values.
    pub(super) fn holds(&self, side: Side, signals: &Signals<'_>) -> Truth {
        let is_wanted = side == Side::Match;
        match self.is_listed(signals) {
            Reading::Known(is_listed) if is_listed == is_wanted => Truth::Yes,
            Reading::Absent if !is_wanted => Truth::Yes,
            Reading::Known(_) | Reading::Absent => Truth::No,
            Reading::Unknown(reason) => Truth::Unknown(UnknownSignal {
                signal: self.signal(),
                reason,
            }),
        }
    }

    /// Whether the signal has one of the values.
    fn is_listed(&self, signals: &Signals<'_>) -> Reading<bool> {
        match self {
            Self::Source(listed) => signals.source.map(|it| listed.set.contains(it)),
            Self::Connecting(listed) => signals.connecting.map(|it| listed.set.contains(it)),
            Self::Country(listed) => signals.country.map(|it| listed.contains(&it)),
            Self::Subdivision(listed) => signals.subdivision.map(|it| listed.contains(&it)),
            Self::Asn(listed) => signals.asn.map(|it| listed.contains(&it)),
            Self::Ja3(listed) => signals.ja3.map(|it| listed.contains(&it)),
            Self::Ja4(listed) => signals.ja4.map(|it| listed.contains(&it)),
            Self::UserAgent(listed) => signals.user_agent.map(|it| listed.contains_text(it)),
            Self::Hostname(listed) => signals.hostname.map(|it| listed.contains_folded(it)),
        }
    }
}

impl Networks {
    pub(super) fn new(networks: impl IntoIterator<Item = IpNet>) -> Self {
        let is_v4 = |network: &IpNet| matches!(network, IpNet::V4(_));
        let (mut written, v6): (Vec<IpNet>, Vec<IpNet>) = networks.into_iter().partition(is_v4);
        written.extend(v6);
        Self {
            set: written.iter().copied().collect(),
            written: written.into_boxed_slice(),
        }
    }

    /// Whether every IPv4 address and every IPv6 address is in one of the networks.
    pub(super) fn has_every_address(&self) -> bool {
        self.set.covers_both_families()
    }

    /// The first network with bits set after its prefix, in one of the fields of the two families.
    fn host_bits(
        &self,
        fields: [&'static str; 2],
    ) -> Option<(&'static str, Option<usize>, AclFault)> {
        let has_host_bits = |network: &IpNet| network.trunc() != *network;
        let (v4, v6) = self.families();
        fields
            .into_iter()
            .zip([v4, v6])
            .find_map(|(field, listed)| {
                let mut listed = listed.iter().copied().enumerate();
                let (at, network) = listed.find(|(_, network)| has_host_bits(network))?;
                Some((field, Some(at), AclFault::HostBits { network }))
            })
    }

    /// The IPv4 networks and the IPv6 networks as they were written, each in their order.
    pub(super) fn families(&self) -> (&[IpNet], &[IpNet]) {
        let v4 = self
            .written
            .partition_point(|network| matches!(network, IpNet::V4(_)));
        self.written.split_at_checked(v4).unwrap_or_default()
    }
}

impl PartialEq for Networks {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for Networks {}

impl Hash for Networks {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.written.hash(state);
    }
}

impl<T: Ord> Values<T> {
    pub(super) fn new(values: impl IntoIterator<Item = T>) -> Self {
        let mut values: Vec<T> = values.into_iter().collect();
        values.sort_unstable();
        values.dedup();
        Self(values.into_boxed_slice())
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    fn contains(&self, value: &T) -> bool {
        self.0.binary_search(value).is_ok()
    }
}

impl Values<Box<str>> {
    fn contains_text(&self, text: &str) -> bool {
        self.0
            .binary_search_by(|listed| (**listed).cmp(text))
            .is_ok()
    }

    fn contains_folded(&self, text: &str) -> bool {
        let folded = || text.bytes().map(|byte| byte.to_ascii_lowercase());
        self.0
            .binary_search_by(|listed| listed.bytes().cmp(folded()))
            .is_ok()
    }
}

impl Signal {
    /// What people call it.
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

    /// The stable name, for events and metrics: that of the variant, in snake case.
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

    /// The member of `match` and `not_match` that lists values of the signal; the first one of those
    /// that have a list for each family of addresses.
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
