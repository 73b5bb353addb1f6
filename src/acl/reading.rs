//! The reading of a signal: it is absent, it has a value, or it can't be determined.

use std::fmt;

use crate::acl::Signal;

/// The reading of one signal of a request.
///
/// *Unknown is not absent*. If nobody sent a signal, it is absent, and rules can be evaluated. If a signal
/// was sent but can't be read, it is unknown, and a rule that needs it refuses the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading<T> {
    /// Nobody sent the signal. A `match` on the signal does not hold, and a `not_match` on the signal holds.
    Absent,
    /// The signal has this value.
    Known(T),
    /// The signal can't be determined, for this reason.
    Unknown(UnknownReason),
}

/// Why a signal can't be determined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnknownReason {
    /// A trusted proxy sent a value for the client that is not an address, such as `unknown` or `_hidden`.
    UnreadableHop,
    /// `Forwarded` and `X-Forwarded-For` lead to different addresses.
    ConflictingHeaders,
    /// The header has fewer addresses than the tenant has proxies (`trusted_hops`).
    MissingHop,
    /// A trusted proxy sent the signal in an invalid form.
    UnreadableHeader,
    /// The host program did not provide the address of the connection.
    NoPeerAddress,
    /// Nothing provides this signal: no header of a trusted proxy, no source of locations, and the host
    /// program does not declare that it sets the signal itself.
    NoSource,
}

/// A signal that a rule needed and that can't be determined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct UnknownSignal {
    /// The signal.
    pub signal: Signal,
    /// Why it is unknown.
    pub reason: UnknownReason,
}

impl<T> Reading<T> {
    /// The value, if it is known.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent | Self::Unknown(_) => None,
        }
    }

    /// Converts the value, if it is known.
    pub(crate) fn map<U>(self, convert: impl FnOnce(T) -> U) -> Reading<U> {
        match self {
            Self::Absent => Reading::Absent,
            Self::Known(value) => Reading::Known(convert(value)),
            Self::Unknown(reason) => Reading::Unknown(reason),
        }
    }

    /// This reading, or `other` if the signal is absent.
    pub(crate) fn or(self, other: Self) -> Self {
        match self {
            Self::Absent => other,
            Self::Known(_) | Self::Unknown(_) => self,
        }
    }
}

impl UnknownReason {
    /// The stable name, which is the name of the variant in snake case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnreadableHop => "unreadable_hop",
            Self::ConflictingHeaders => "conflicting_headers",
            Self::MissingHop => "missing_hop",
            Self::UnreadableHeader => "unreadable_header",
            Self::NoPeerAddress => "no_peer_address",
            Self::NoSource => "no_source",
        }
    }

    /// What the operator can do so that the signal becomes known.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::UnreadableHop => {
                "make each proxy in trusted_proxies write the client's address as an IP address"
            }
            Self::ConflictingHeaders => {
                "set forwarded_header to the header that the proxies write, or make them remove the \
                 other header"
            }
            Self::MissingHop => {
                "make every proxy add an address to the header, or lower trusted_hops to the number \
                 of proxies that do"
            }
            Self::UnreadableHeader => {
                "make the proxy write this signal's header in the documented form, and omit the \
                 header if the value is not known"
            }
            Self::NoPeerAddress => {
                "insert a PeerAddress into the extensions of each request, or set trusted_hops"
            }
            Self::NoSource => {
                "set signal_headers to the header of this signal and trusted_proxies to the proxies \
                 that write it, give the registrar a source of locations, or list the signal in \
                 signals_from_host"
            }
        }
    }
}

impl fmt::Display for UnknownReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnreadableHop => "a proxy sent a value for the client that is not an address",
            Self::ConflictingHeaders => "Forwarded and X-Forwarded-For lead to different addresses",
            Self::MissingHop => "fewer proxies than expected added an address",
            Self::UnreadableHeader => "the header of this signal can't be read",
            Self::NoPeerAddress => "the host did not provide the address of the connection",
            Self::NoSource => "nothing provides this signal",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_named_after_its_variant() {
        for reason in [
            UnknownReason::UnreadableHop,
            UnknownReason::ConflictingHeaders,
            UnknownReason::MissingHop,
            UnknownReason::UnreadableHeader,
            UnknownReason::NoPeerAddress,
            UnknownReason::NoSource,
        ] {
            let mut name = String::new();
            for character in format!("{reason:?}").chars() {
                if character.is_ascii_uppercase() && !name.is_empty() {
                    name.push('_');
                }
                name.push(character.to_ascii_lowercase());
            }
            assert_eq!(reason.as_str(), name);
        }
    }
}
