use std::fmt;

use crate::{
    acl::{Signal, UnknownReason, UnknownSignal},
    backend_error::BackendError,
    rate_limit::{RateDecision, whole_seconds},
    registration::{DecodeError, Field, MetadataError},
    system::RandomError,
    types::WebUri,
};

/// The error of a registration. The variants are in the order in which the checks happen.
///
/// `Display` is safe to send and to log. The source, if there is one, is only for the operator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// The request has an invalid `Host` header, more than one, or none although HTTP/1.1 requires it
    /// (RFC 9112 section 3.2).
    #[error("send exactly one Host header, with the name of this server")]
    InvalidHost,
    /// No tenant has the host or id of the request.
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
        /// The description of the rule.
        rule: String,
    },
    /// A rule of the tenant's access control list redirects the request.
    #[error("this request is redirected; follow the Location header")]
    Redirected {
        /// The description of the rule.
        rule: String,
        /// The address to which the request is redirected.
        location: WebUri,
    },
    /// A rule of the tenant's access control list needs the client's address, or a signal that is derived
    /// from it, but the address that the tenant's proxies sent can't be determined.
    #[error(
        "access is denied, because the address of the client can't be determined; send no Forwarded \
         or X-Forwarded-For header of your own"
    )]
    SourceUnknown {
        /// The description of the rule.
        rule: String,
        /// The signal that the rule needs, and why it is unknown.
        unknown: UnknownSignal,
    },
    /// A rule of the tenant's access control list needs a signal that a trusted proxy sent in an invalid
    /// form.
    #[error(
        "access is denied, because a header that the proxy in front of this server adds can't be read; \
         the operator of this server can correct the proxy"
    )]
    SignalUnreadable {
        /// The description of the rule.
        rule: String,
        /// The signal that the rule needs, and why it is unknown.
        unknown: UnknownSignal,
    },
    /// Registration requires an initial access token, but the request has none.
    #[error(
        "an initial access token is required; ask the owner of the tenant for one, and send it as \
         Authorization: Bearer"
    )]
    InitialAccessTokenRequired,
    /// The request's initial access token is not valid for this tenant.
    #[error("the initial access token is not valid; ask the owner of the tenant for another")]
    InvalidInitialAccessToken,
    /// The source has sent too many invalid initial access tokens, or has more than 1,000 tokens that wait to
    /// be verified. The token of this request was not verified.
    #[error(
        "too many invalid initial access tokens from this address; try again in {}",
        Seconds(wait(*decision))
    )]
    TooManyInvalidTokens {
        /// The decision by the source's quota.
        decision: RateDecision,
    },
    /// The source's quota with this tenant is used up for now.
    #[error(
        "too many registrations from this address; try again in {}",
        Seconds(wait(*decision))
    )]
    TooManyRequestsFromSource {
        /// The decision of the limiter.
        decision: RateDecision,
    },
    /// The tenant's quota is used up for now.
    #[error("too many registrations; try again in {}", Seconds(wait(*decision)))]
    TooManyRequests {
        /// The decision of the limiter.
        decision: RateDecision,
    },
    /// The body is larger than the tenant's `max_body_bytes`.
    #[error("the body is larger than {max} bytes; send a smaller body")]
    BodyTooLarge {
        /// The largest size, in bytes.
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
    /// The body did not arrive in time.
    #[error("the body took too long to arrive; send it again")]
    BodyTimeout,
    /// The body is not a registration request.
    #[error(transparent)]
    Decode(DecodeError),
    /// The metadata breaks a rule of the profile.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The tenant has reached its limit of clients, and no client can be evicted, because each was used or is
    /// blocked.
    #[error(
        "this tenant has reached its limit of clients; the owner of the tenant can remove clients or raise \
         the limit"
    )]
    TooManyClients,
    /// A rule of the tenant's access control list needs the address of the connection, or a signal that is
    /// derived from it, but the host program did not provide the address.
    #[error(
        "the service is unavailable for now; try again in {}",
        Seconds(FAILURE_SECONDS)
    )]
    NoPeerAddress {
        /// The description of the rule.
        rule: String,
        /// The signal that the rule needs.
        signal: Signal,
    },
    /// A rule of the tenant's access control list needs a signal that nothing on this server provides.
    #[error(
        "the service is unavailable for now; try again in {}",
        Seconds(FAILURE_SECONDS)
    )]
    SignalUnavailable {
        /// The description of the rule.
        rule: String,
        /// The signal that the rule needs, and why it is unknown.
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
    /// Every minted id was already taken.
    #[error(
        "the service is unavailable for now; try again in {}",
        Seconds(FAILURE_SECONDS)
    )]
    NoFreeId,
}

/// The properties by which programs distinguish errors. They never contain text from the client.
impl RegistrationError {
    /// The refusal by the rule with the description `rule`, which needs an unknown signal.
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

    /// The stable name of this kind of error, which is the name of the variant in snake case. It is more
    /// specific than the `error` code that the client gets.
    ///
    /// [`NoPeerAddress`](Self::NoPeerAddress) has the name `signal_unavailable` too. Metrics and logs
    /// distinguish it by the reason in [`unknown_signal`](Self::unknown_signal).
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
            // Both have the same label, so that existing dashboards and alerts stay correct.
            Self::NoPeerAddress { .. } | Self::SignalUnavailable { .. } => "signal_unavailable",
            Self::Backend(_) => "backend",
            Self::Random(_) => "random",
            Self::NoFreeId => "no_free_id",
        }
    }

    /// Whether the service failed (status 503), so the same request may succeed later. Any other error is a
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

    /// The field at fault, if this crate reads it.
    pub const fn field(&self) -> Option<Field> {
        match self {
            Self::Decode(error) => error.field(),
            Self::Metadata(error) => Some(error.field()),
            _ => None,
        }
    }

    /// The position of the first value at fault, from 0, if the field is a list.
    pub const fn index(&self) -> Option<usize> {
        match self {
            Self::Metadata(error) => error.index(),
            _ => None,
        }
    }

    /// The stable name of the rule that the request breaks, which the client gets too.
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

    /// The whole seconds after which the same request may succeed, for `Retry-After`. At least 1.
    pub(crate) fn retry_after_seconds(&self) -> Option<u64> {
        let of_quota = self.used_up().map(wait);
        of_quota.or_else(|| self.is_failure().then_some(FAILURE_SECONDS))
    }

    /// The decision by the quota that is used up, if the error is a used-up quota.
    pub(crate) const fn used_up(&self) -> Option<RateDecision> {
        match self {
            Self::TooManyInvalidTokens { decision }
            | Self::TooManyRequestsFromSource { decision }
            | Self::TooManyRequests { decision } => Some(*decision),
            _ => None,
        }
    }

    /// The description of the rule of the access control list that stopped the request, as the operator wrote
    /// it.
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

    /// The unknown signal that a rule of the access control list needed.
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

/// The seconds after which a client should retry after a failure. Nobody knows how long a failure lasts, but
/// many are short.
const FAILURE_SECONDS: u64 = 1;

fn wait(decision: RateDecision) -> u64 {
    whole_seconds(decision.retry_after().unwrap_or_default()).max(1)
}

/// Prints a number of seconds with its unit.
struct Seconds(u64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} second{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}

impl From<DecodeError> for RegistrationError {
    /// A member of the wrong type is a fault of the metadata, not of the body.
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

    /// One error of each variant. The match in `next` has no wildcard, so a new variant must be added there.
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
    fn kind_is_the_name_of_the_variant() {
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
            // The two variants were one variant before, and still have the same kind.
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
