use ipnet::IpNet;

use crate::acl::{
    AclError, AclFault, Asn, CountryCode, Ja3, Ja4, Signal, SubdivisionCode,
    condition::Condition,
    networks::without_host_bits,
    values::{List, ListFault, Networks, Values, host_name, user_agent},
};

/// The conditions of a rule: a list of values for each signal that the rule uses.
///
/// A `match` holds if each listed signal has one of its values. A `not_match` holds if no listed signal has
/// one of its values. If the result depends on an unknown signal, the rule can't be evaluated.
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
pub struct Conditions(
    /// The lists in the order of the signals. [`Acl::new`](crate::acl::Acl::new) returns the error of an
    /// invalid list.
    Vec<(Signal, Result<Condition, AclError>)>,
);

impl Conditions {
    /// No conditions. A rule needs at least one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lists networks of the client's address.
    #[must_use]
    pub fn networks(self, networks: impl IntoIterator<Item = IpNet>) -> Self {
        let listed = by_family(networks, ["ipv4_cidrs", "ipv6_cidrs"]);
        self.with(Signal::Source, listed.map(Condition::Source))
    }

    /// Lists networks of the connection's address.
    #[must_use]
    pub fn connecting(self, networks: impl IntoIterator<Item = IpNet>) -> Self {
        let members = ["connecting_ipv4_cidrs", "connecting_ipv6_cidrs"];
        let listed = by_family(networks, members);
        self.with(Signal::Connecting, listed.map(Condition::Connecting))
    }

    /// Lists countries.
    #[must_use]
    pub fn countries(self, countries: impl IntoIterator<Item = CountryCode>) -> Self {
        self.with_values(Signal::Country, countries, Ok, Condition::Country)
    }

    /// Lists subdivisions.
    #[must_use]
    pub fn subdivisions(self, subdivisions: impl IntoIterator<Item = SubdivisionCode>) -> Self {
        self.with_values(
            Signal::Subdivision,
            subdivisions,
            Ok,
            Condition::Subdivision,
        )
    }

    /// Lists autonomous systems.
    #[must_use]
    pub fn asns(self, asns: impl IntoIterator<Item = Asn>) -> Self {
        self.with_values(Signal::Asn, asns, Ok, Condition::Asn)
    }

    /// Lists JA3 fingerprints.
    #[must_use]
    pub fn ja3(self, fingerprints: impl IntoIterator<Item = Ja3>) -> Self {
        self.with_values(Signal::Ja3, fingerprints, Ok, Condition::Ja3)
    }

    /// Lists JA4 fingerprints.
    #[must_use]
    pub fn ja4(self, fingerprints: impl IntoIterator<Item = Ja4>) -> Self {
        self.with_values(Signal::Ja4, fingerprints, Ok, Condition::Ja4)
    }

    /// Lists user agents. The whole text is compared.
    #[must_use]
    pub fn user_agents<I>(self, user_agents: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let read = |text: I::Item| user_agent(text.into());
        self.with_values(Signal::UserAgent, user_agents, read, Condition::UserAgent)
    }

    /// Lists host names. Letter case does not matter.
    #[must_use]
    pub fn hostnames<I>(self, hostnames: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let read = |text: I::Item| host_name(text.into());
        self.with_values(Signal::Hostname, hostnames, read, Condition::Hostname)
    }

    fn with_values<I: IntoIterator, T: Ord>(
        self,
        signal: Signal,
        values: I,
        read: impl Fn(I::Item) -> Result<T, AclFault>,
        condition: fn(Values<T>) -> Condition,
    ) -> Self {
        let values: Vec<I::Item> = values.into_iter().collect();
        let list = List::new(values.into_iter().map(read));
        let listed = list.map_err(|fault| match fault {
            ListFault::Size(fault) => AclError::new("", fault),
            // The order of the values carries no meaning here, so the error has no position.
            ListFault::Value { fault, .. } => AclError::new(signal.member(), fault),
        });
        self.with(signal, listed.map(|list| condition(Values::new(list))))
    }

    /// Sets the list of `signal`, and replaces an earlier list. The signals are sorted, so that conditions
    /// with the same meaning are equal.
    pub(super) fn with(mut self, signal: Signal, listed: Result<Condition, AclError>) -> Self {
        self.0.retain(|(other, _)| *other != signal);
        let at = self.0.partition_point(|(other, _)| *other < signal);
        self.0.insert(at, (signal, listed));
        self
    }

    /// Checks that there is a list, and returns the first fault of the lists.
    pub(super) fn check(&self) -> Result<(), AclError> {
        if self.0.is_empty() {
            return Err(AclError::new("", AclFault::NoCondition));
        }
        self.lists()
            .try_for_each(|listed| listed.map(drop).map_err(Clone::clone))
    }

    /// The list of each signal, or its error.
    pub(super) fn lists(&self) -> impl Iterator<Item = Result<&Condition, &AclError>> {
        self.0.iter().map(|(_, listed)| listed.as_ref())
    }

    /// The valid conditions. In a rule of an [`Acl`](crate::acl::Acl), all conditions are valid.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Condition> {
        self.lists().filter_map(Result::ok)
    }
}

/// Splits `networks` into the lists of the two families, with the names of their members. A family without
/// networks has no list, unless there are no networks at all.
fn by_family(
    networks: impl IntoIterator<Item = IpNet>,
    [v4_member, v6_member]: [&'static str; 2],
) -> Result<Networks, AclError> {
    let is_v4 = |network: &IpNet| matches!(network, IpNet::V4(_));
    let (v4, v6): (Vec<IpNet>, Vec<IpNet>) = networks.into_iter().partition(is_v4);
    let list = |networks: Vec<IpNet>, member| {
        let list = List::new(networks.into_iter().map(without_host_bits));
        list.map_err(|fault| match fault {
            ListFault::Size(fault) => AclError::new("", fault),
            ListFault::Value { at, fault } => AclError::new(member, fault).at(at),
        })
    };
    let families = match (v4.is_empty(), v6.is_empty()) {
        (_, true) => [Some(list(v4, v4_member)?), None],
        (true, false) => [None, Some(list(v6, v6_member)?)],
        (false, false) => [Some(list(v4, v4_member)?), Some(list(v6, v6_member)?)],
    };
    Networks::new(families).ok_or_else(|| AclError::new("", AclFault::EmptyList))
}
