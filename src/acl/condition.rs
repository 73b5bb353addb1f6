use crate::acl::{
    Asn, CountryCode, Ja3, Ja4, Reading, Signal, Signals, SubdivisionCode, UnknownSignal,
    truth::Truth,
    values::{Networks, Values},
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
