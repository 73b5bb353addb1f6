use std::fmt;

use crate::{
    acl::{Signal, UnknownReason, UnknownSignal},
    backend_error::BackendError,
    rate_limit::{RateDecision, whole_seconds},
    registration::{DecodeError, Field, MetadataError},
    system::RandomError,
    types::WebUri,
};

/// Why a registration did not happen, in the order in which it can go wrong.
///
/// `Display` is safe to send and to log; a source, where there is one, is for the operator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// The request has no `Host` header where HTTP/1.1 asks for one, more than one, or one that is no
    /// host (RFC 9112 section 3.2).
    #[error("send exactly one Host header, with the name of this server")]
    InvalidHost,
    /// The request leads to no tenant.
    #[error("no tenant has this address; check the URL")]
    UnknownTenant,
    /// The request is neither POST nor OPTIONS.
    #[error("this endpoint accepts only POST; send the registration as a POST request")]
    MethodNotAllowed,
    /// The tenant has not turned registration on.
    #[error(
        "dynamic client registration is not enabled for this tenant; the owner of the tenant can turn \
         it on"
    )]
    NotEnabled,
    /// A rule of the tenant's access control list blocks the request.
    #[error(
        "access is denied by a rule of this tenant; the owner of the tenant can change the rule"
    )]
    Blocked {
        /// What the rule is for.
        rule: String,
    },
    /// A rule of the tenant's access control list sends the request elsewhere.
    #[error("this request is answered elsewhere; follow the Location header")]
    Redirected {
        /// What the rule is for.
        rule: String,
        /// Where to.
        location: WebUri,
    },
    /// A rule of the tenant's access control list needs the client's address, or a signal that is
    /// derived from it, and what the tenant's proxies say of the address can't be read.
    #[error(
        "access is denied, because the address of the client can't be determined; send no Forwarded \
         or X-Forwarded-For header of your own"
    )]
    SourceUnknown {
        /// What the rule is for.
        rule: String,
        /// What the rule needs, and why it is unknown.
        unknown: UnknownSignal,
    },
    /// A rule of the tenant's access control list needs a signal that a trusted proxy sent in a form
    /// that can't be read.
    #[error(
        "access is denied, because a header that the proxy in front of this server adds can't be read; \
         the operator of this server can correct the proxy"
    )]
    SignalUnreadable {
        /// What the rule is for.
        rule: String,
        /// What the rule needs, and why it is unknown.
        unknown: UnknownSignal,
    },
    /// The host's gate asks for an initial access token, and the request has none.
    #[error(
        "an initial access token is required; ask the owner of the tenant for one, and send it as \
         Authorization: Bearer"
    )]
    InitialAccessTokenRequired,
    /// The request's initial access token is not good for this tenant.
    #[error("the initial access token is not valid; ask the owner of the tenant for another")]
    InvalidInitialAccessToken,
    /// The source has shown too many initial access tokens that are not valid, or has more than 1,000 waiting
    /// to be verified. The gate was not asked.
    #[error(
        "too many invalid initial access tokens from this address; try again in {}",
        Seconds(wait(*decision))
    )]
    TooManyInvalidTokens {
        /// What is left of the source's quota.
        decision: RateDecision,
    },
    /// The source's quota with this tenant is used up for now.
    #[error(
        "too many registrations from this address; try again in {}",
        Seconds(wait(*decision))
    )]
    TooManyRequestsFromSource {
        /// What the limiter said.
        decision: RateDecision,
    },
    /// The tenant's quota is used up for now.
    #[error("too many registrations; try again in {}", Seconds(wait(*decision)))]
    TooManyRequests {
        /// What the limiter said.
        decision: RateDecision,
    },
    /// The body is larger than the tenant's `max_body_bytes`.
    #[error("the body is larger than {max} bytes; send a smaller one")]
    BodyTooLarge {
        /// The most it may have, in bytes.
        max: usize,
    },
    /// The body is not declared as plain `application/json`.
    #[error(
        "send a JSON object with the header Content-Type: application/json and without \
         Content-Encoding; forms are not accepted"
    )]
    UnsupportedMediaType,
    /// The body ended before it was complete.
    #[error("the body ended early; send all of it")]
    BodyIncomplete,
    /// The body was not there in time.
    #[error("the body took too long to arrive; send it again")]
    BodyTimeout,
    /// The body is not a registration request.
    #[error(transparent)]
    Decode(DecodeError),
    /// The metadata breaks a rule of the profile.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The tenant has as many clients as it may, and each of them was used or is blocked.
    #[error(
        "this tenant has reached its limit of clients; the owner of the tenant can remove some or raise \
         the limit"
    )]
    TooManyClients,
    /// A rule of the tenant's access control list needs the address of the connection, or a signal that
    /// is derived from it, and the host program did not give the address.
    #[error(
        "the service is unavailable for now; try again in {}",
        Seconds(FAILURE_SECONDS)
    )]
    NoPeerAddress {
        /// What the rule is for.
        rule: String,
        /// What the rule needs.
        signal: Signal,
    },
    /// A rule of the tenant's access control list needs a signal that this server is not set up to
    /// know, because nothing tells it.
    #[error(
        "the service is unavailable for now; try again in {}",
        Seconds(FAILURE_SECONDS)
    )]
    SignalUnavailable {
        /// What the rule is for.
        rule: String,
        /// What the rule needs, and why it is unknown.
        unknown: UnknownSignal,
    },
    /// A store, a limiter or a directory failed.
    #[error(
        "the service is unavailable for now; try again in {}",
        Seconds(FAILURE_SECONDS)
    )]
    Backend(#[from] BackendError),
    /// The source of randomness failed.
    #[error(
        "the service is unavailable for now; try again in {}",
        Seconds(FAILURE_SECONDS)
    )]
    Random(#[from] RandomError),
    /// Every id that was minted was taken.
    #[error(
        "the service is unavailable for now; try again in {}",
        Seconds(FAILURE_SECONDS)
    )]
    NoFreeId,
}

/// What programs tell one error from another by: none of it holds the client's own text.
impl RegistrationError {
    /// The refusal by the rule for `rule`, which needs a signal that is unknown.
    pub(crate) const fn unanswered(rule: String, unknown: UnknownSignal) -> Self {
        match unknown.reason {
            UnknownReason::UnreadableHop
            | UnknownReason::ConflictingHeaders
            | UnknownReason::MissingHop => Self::SourceUnknown { rule, unknown },
            UnknownReason::UnreadableHeader => Self::SignalUnreadable { rule, unknown },
            UnknownReason::NoPeerAddress => Self::NoPeerAddress {
                rule,
                signal: unknown.signal,
            },
            UnknownReason::NoSource => Self::SignalUnavailable { rule, unknown },
        }
    }

    /// The stable name of this kind of error: that of the variant, in snake case. It is finer than the
    /// `error` that the client is sent.
    ///
    /// [`NoPeerAddress`](Self::NoPeerAddress) has the name `signal_unavailable` too: metrics and logs tell
    /// it apart by the reason in [`unknown_signal`](Self::unknown_signal).
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::InvalidHost => "invalid_host",
            Self::UnknownTenant => "unknown_tenant",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::NotEnabled => "not_enabled",
            Self::Blocked { .. } => "blocked",
            Self::Redirected { .. } => "redirected",
            Self::SourceUnknown { .. } => "source_unknown",
            Self::SignalUnreadable { .. } => "signal_unreadable",
            Self::InitialAccessTokenRequired => "initial_access_token_required",
            Self::InvalidInitialAccessToken => "invalid_initial_access_token",
            Self::TooManyInvalidTokens { .. } => "too_many_invalid_tokens",
            Self::TooManyRequestsFromSource { .. } => "too_many_requests_from_source",
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::BodyIncomplete => "body_incomplete",
            Self::BodyTimeout => "body_timeout",
            Self::Decode(_) => "decode",
            Self::Metadata(_) => "metadata",
            Self::TooManyClients => "too_many_clients",
            // One label for both: dashboards and alerts that operators have stay right.
            Self::NoPeerAddress { .. } | Self::SignalUnavailable { .. } => "signal_unavailable",
            Self::Backend(_) => "backend",
            Self::Random(_) => "random",
            Self::NoFreeId => "no_free_id",
        }
    }

    /// Whether the service failed, so that the same request may do later: a 503. Anything else is a
    /// refusal.
    pub const fn is_failure(&self) -> bool {
        matches!(
            self,
            Self::NoPeerAddress { .. }
                | Self::SignalUnavailable { .. }
                | Self::Backend(_)
                | Self::Random(_)
                | Self::NoFreeId
        )
    }

    /// The field at fault, if it is one that this crate reads.
    pub const fn field(&self) -> Option<Field> {
        match self {
            Self::Decode(error) => error.field(),
            Self::Metadata(error) => Some(error.field()),
            _ => None,
        }
    }

    /// The position of the first value at fault, from 0, where the field is a list.
    pub const fn index(&self) -> Option<usize> {
        match self {
            Self::Metadata(error) => error.index(),
            _ => None,
        }
    }

    /// The stable name of the rule that the request breaks, as the client is sent it.
    pub const fn rule(&self) -> Option<&'static str> {
        match self {
            Self::InvalidHost
            | Self::SourceUnknown { .. }
            | Self::SignalUnreadable { .. }
            | Self::BodyTooLarge { .. }
            | Self::UnsupportedMediaType
            | Self::BodyIncomplete
            | Self::BodyTimeout => Some(self.kind()),
            Self::Decode(error) => Some(error.rule()),
            Self::Metadata(error) => Some(error.fault().rule()),
            Self::UnknownTenant
            | Self::MethodNotAllowed
            | Self::NotEnabled
            | Self::Blocked { .. }
            | Self::Redirected { .. }
            | Self::InitialAccessTokenRequired
            | Self::InvalidInitialAccessToken
            | Self::TooManyInvalidTokens { .. }
            | Self::TooManyRequestsFromSource { .. }
            | Self::TooManyRequests { .. }
            | Self::TooManyClients
            | Self::NoPeerAddress { .. }
            | Self::SignalUnavailable { .. }
            | Self::Backend(_)
            | Self::Random(_)
            | Self::NoFreeId => None,
        }
    }

    /// Whole seconds after which the same request may succeed, for `Retry-After`. At least 1.
    pub(crate) fn retry_after_seconds(&self) -> Option<u64> {
        let of_quota = self.used_up().map(wait);
        of_quota.or_else(|| self.is_failure().then_some(FAILURE_SECONDS))
    }

    /// What is left of the quota that is used up, if that is the error.
    pub(crate) const fn used_up(&self) -> Option<RateDecision> {
        match self {
            Self::TooManyInvalidTokens { decision }
            | Self::TooManyRequestsFromSource { decision }
            | Self::TooManyRequests { decision } => Some(*decision),
            _ => None,
        }
    }

    /// What the rule of the access control list is for that stopped the request: the operator's own
    /// words.
    pub fn acl_rule(&self) -> Option<&str> {
        match self {
            Self::Blocked { rule }
            | Self::Redirected { rule, .. }
            | Self::SourceUnknown { rule, .. }
            | Self::SignalUnreadable { rule, .. }
            | Self::NoPeerAddress { rule, .. }
            | Self::SignalUnavailable { rule, .. } => Some(rule),
            _ => None,
        }
    }

    /// The signal that a rule of the access control list needed and that was unknown.
    pub const fn unknown_signal(&self) -> Option<UnknownSignal> {
        match self {
            Self::SourceUnknown { unknown, .. }
            | Self::SignalUnreadable { unknown, .. }
            | Self::SignalUnavailable { unknown, .. } => Some(*unknown),
            Self::NoPeerAddress { signal, .. } => Some(UnknownSignal {
                signal: *signal,
                reason: UnknownReason::NoPeerAddress,
            }),
            _ => None,
        }
    }
}

/// Nobody knows how long a failure lasts. Many are over at once.
const FAILURE_SECONDS: u64 = 1;

fn wait(decision: RateDecision) -> u64 {
    whole_seconds(decision.retry_after().unwrap_or_default()).max(1)
}

/// A number of seconds, in words.
struct Seconds(u64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} second{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}

impl From<DecodeError> for RegistrationError {
    /// A member of the wrong type is the metadata's fault, not the body's.
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Metadata(error) => Self::Metadata(error),
            error => Self::Decode(error),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{redirect_uri::RedirectUriError, registration::MetadataFault};

    /// One error of each variant: a new variant finds its place in the match.
    pub(crate) fn one_of_each() -> Vec<RegistrationError> {
        std::iter::successors(Some(RegistrationError::InvalidHost), next).collect()
    }

    fn next(error: &RegistrationError) -> Option<RegistrationError> {
        use RegistrationError as E;
        let rule = String::from("no visitors");
        let unknown = |reason| UnknownSignal {
            signal: Signal::Country,
            reason,
        };
        let decision = RateDecision::limited(
            crate::rate_limit::Quota::default(),
            std::time::Duration::from_secs(1),
        );
        Some(match error {
            E::InvalidHost => E::UnknownTenant,
            E::UnknownTenant => E::MethodNotAllowed,
            E::MethodNotAllowed => E::NotEnabled,
            E::NotEnabled => E::Blocked { rule },
            E::Blocked { .. } => E::Redirected {
                rule,
                location: WebUri::parse("https://example.com/").unwrap(),
            },
            E::Redirected { .. } => {
                RegistrationError::unanswered(rule, unknown(UnknownReason::UnreadableHop))
            }
            E::SourceUnknown { .. } => {
                RegistrationError::unanswered(rule, unknown(UnknownReason::UnreadableHeader))
            }
            E::SignalUnreadable { .. } => E::InitialAccessTokenRequired,
            E::InitialAccessTokenRequired => E::InvalidInitialAccessToken,
            E::InvalidInitialAccessToken => E::TooManyInvalidTokens { decision },
            E::TooManyInvalidTokens { .. } => E::TooManyRequestsFromSource { decision },
            E::TooManyRequestsFromSource { .. } => E::TooManyRequests { decision },
            E::TooManyRequests { .. } => E::BodyTooLarge { max: 65_536 },
            E::BodyTooLarge { .. } => E::UnsupportedMediaType,
            E::UnsupportedMediaType => E::BodyIncomplete,
            E::BodyIncomplete => E::BodyTimeout,
            E::BodyTimeout => E::Decode(DecodeError::NotAnObject),
            E::Decode(_) => E::Metadata(MetadataError::at(
                Field::RedirectUris,
                2,
                MetadataFault::RedirectUri(RedirectUriError::SchemeNotAllowed),
            )),
            E::Metadata(_) => E::TooManyClients,
            E::TooManyClients => {
                RegistrationError::unanswered(rule, unknown(UnknownReason::NoPeerAddress))
            }
            E::NoPeerAddress { .. } => {
                RegistrationError::unanswered(rule, unknown(UnknownReason::NoSource))
            }
            E::SignalUnavailable { .. } => E::Backend(BackendError::new("test", "out of order")),
            E::Backend(_) => E::Random(RandomError::new("out of order")),
            E::Random(_) => E::NoFreeId,
            E::NoFreeId => return None,
        })
    }

    #[test]
    fn a_kind_is_called_what_its_variant_is() {
        for error in one_of_each() {
            let debug = format!("{error:?}");
            let variant = debug.split([' ', '(', '{']).next().unwrap();
            let mut name = String::new();
            for character in variant.chars() {
                if character.is_ascii_uppercase() && !name.is_empty() {
                    name.push('_');
                }
                name.push(character.to_ascii_lowercase());
            }
            // The two have been one kind since before they were two variants.
            if name == "no_peer_address" {
                name = String::from("signal_unavailable");
            }
            assert_eq!(error.kind(), name);
        }
    }

    #[test]
    fn a_missing_peer_address_names_its_signal() {
        let unknown = UnknownSignal {
            signal: Signal::Country,
            reason: UnknownReason::NoPeerAddress,
        };
        let error = RegistrationError::unanswered(String::from("no visitors"), unknown);
        assert!(matches!(error, RegistrationError::NoPeerAddress { .. }));
        assert_eq!(error.unknown_signal(), Some(unknown));
        assert_eq!(error.acl_rule(), Some("no visitors"));
    }
}
