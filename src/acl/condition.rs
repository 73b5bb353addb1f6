use crate::{
    acl::{
        AclFault, Asn, CountryCode, Ja3, Ja4, Reading, Signal, Signals, SubdivisionCode,
        UnknownSignal,
        listed::{Networks, Values},
        truth::Truth,
    },
    uri::is_host_name,
};

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

/// Which side of a rule its conditions are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Side {
    /// Each signal has one of the values that are listed for it.
    Match,
    /// None has.
    NotMatch,
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
            Self::Country(listed) => listed.iter().len(),
            Self::Subdivision(listed) => listed.iter().len(),
            Self::Asn(listed) => listed.iter().len(),
            Self::Ja3(listed) => listed.iter().len(),
            Self::Ja4(listed) => listed.iter().len(),
            Self::UserAgent(listed) | Self::Hostname(listed) => listed.iter().len(),
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
            Self::Source(listed) => signals.source.map(|it| listed.has(it)),
            Self::Connecting(listed) => signals.connecting.map(|it| listed.has(it)),
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
