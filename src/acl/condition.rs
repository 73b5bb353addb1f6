use crate::acl::{
    Asn, CountryCode, Ja3, Ja4, Reading, Signal, Signals, SubdivisionCode, UnknownSignal,
    truth::Truth,
    values::{Networks, Values},
};

/// The values that a rule lists for one signal.
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
    /// Host names in lower case.
    Hostname(Values<Box<str>>),
}

/// The member of a rule that conditions belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Side {
    /// Each signal must have one of its listed values.
    Match,
    /// No signal may have one of its listed values.
    NotMatch,
}

impl Side {
    /// The name of the member.
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

    /// Whether the condition holds for `signals` on this side of a rule. An absent signal has none of the
    /// listed values.
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

    /// Whether the signal has one of the listed values.
    fn is_listed(&self, signals: &Signals<'_>) -> Reading<bool> {
        match self {
            Self::Source(listed) => signals.source.map(|value| listed.has(value)),
            Self::Connecting(listed) => signals.connecting.map(|value| listed.has(value)),
            Self::Country(listed) => signals.country.map(|value| listed.contains(&value)),
            Self::Subdivision(listed) => signals.subdivision.map(|value| listed.contains(&value)),
            Self::Asn(listed) => signals.asn.map(|value| listed.contains(&value)),
            Self::Ja3(listed) => signals.ja3.map(|value| listed.contains(&value)),
            Self::Ja4(listed) => signals.ja4.map(|value| listed.contains(&value)),
            Self::UserAgent(listed) => signals.user_agent.map(|value| listed.contains_text(value)),
            Self::Hostname(listed) => signals
                .hostname
                .map(|value| listed.contains_ignoring_case(value)),
        }
    }
}
