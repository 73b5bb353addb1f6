use ipnet::IpNet;

use crate::acl::{
    Asn, CountryCode, Ja3, Ja4, SubdivisionCode,
    condition::Condition,
    listed::{Networks, Values},
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
