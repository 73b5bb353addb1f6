use std::{net::IpAddr, time::Duration};

use crate::{
    acl::{Rule, UnknownSignal},
    client::{Client, UnreadableClient},
    error::RegistrationError,
    events::{Change, Removal},
    types::{ClientId, TenantId, Timestamp},
};

/// Something that an operator may want to count, log or prove.
///
/// No event holds a secret or the body of a request. Its `source` is the client's address as
/// [`Signals::source`](crate::acl::Signals::source) has it, behind the tenant's trusted proxies:
/// personal data in many places. It is `None` where nobody told it, and over HTTP where the request
/// led to no tenant, whose proxies would be trusted.
///
/// `took` is measured by [`Clock::monotonic`](crate::system::Clock::monotonic) from the moment that the request
/// was to be admitted; the arrival of its body is part of it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A client was registered and stored.
    #[non_exhaustive]
    Registered {
        /// The client.
        client: &'a Client,
        /// Where the request came from.
        source: Option<IpAddr>,
        /// How long it took.
        took: Duration,
    },
    /// A registration was a duplicate of a client that is registered already.
    #[non_exhaustive]
    Deduplicated {
        /// The client.
        client: &'a Client,
        /// Where the request came from.
        source: Option<IpAddr>,
        /// How long it took.
        took: Duration,
    },
    /// The tenant's owner changed a client.
    #[non_exhaustive]
    Changed {
        /// The tenant.
        tenant: &'a TenantId,
        /// The client's id.
        client_id: &'a ClientId,
        /// How often the client has been changed, this change included.
        revision: u64,
        /// What was changed.
        change: Change<'a>,
    },
    /// A call needed a client whose record can't be read: the record is damaged, or of a form that this
    /// version does not know. Requests of clients get a 503.
    #[non_exhaustive]
    Unreadable {
        /// The tenant.
        tenant: &'a TenantId,
        /// The client's id, and why its record can't be read.
        client: &'a UnreadableClient,
    },
    /// A client was removed.
    #[non_exhaustive]
    Removed {
        /// The tenant.
        tenant: &'a TenantId,
        /// The client's id.
        client_id: &'a ClientId,
        /// Why.
        removal: Removal,
    },
    /// A monitoring rule of the access control list matched: what it says was not done.
    #[non_exhaustive]
    RuleMatched {
        /// The tenant.
        tenant: &'a TenantId,
        /// The rule.
        rule: &'a Rule,
        /// Where the request came from.
        source: Option<IpAddr>,
    },
    /// A monitoring rule of the access control list could not be evaluated, because it needs a signal
    /// that is unknown. Rules that are carried out refuse the request in that case.
    #[non_exhaustive]
    RuleUnanswered {
        /// The tenant.
        tenant: &'a TenantId,
        /// The rule.
        rule: &'a Rule,
        /// The signal that the rule needs, and why it is unknown.
        unknown: UnknownSignal,
        /// Where the request came from.
        source: Option<IpAddr>,
    },
    /// The clock of this node differs from the clock of the store by more than a minute. It is reported when the
    /// store's clock is first read, and then once an hour while calls or
    /// [`Registrar::store_time`](crate::Registrar::store_time) read it.
    ///
    /// The store's clock says when a client registers and for how long it has been idle. Tokens and secrets go by
    /// the clock of the node.
    #[non_exhaustive]
    ClockDiffers {
        /// The time by the clock of this node.
        node: Timestamp,
        /// The time by the clock of the store.
        store: Timestamp,
    },
    /// A registration was refused, or failed ([`RegistrationError::is_failure`]).
    #[non_exhaustive]
    Refused {
        /// The tenant, if the request led to one.
        tenant: Option<&'a TenantId>,
        /// Why.
        error: &'a RegistrationError,
        /// Where the request came from.
        source: Option<IpAddr>,
        /// How long it took.
        took: Duration,
    },
}

impl<'a> Event<'a> {
    /// The tenant that it is about, if the request led to one.
    pub const fn tenant(&self) -> Option<&'a TenantId> {
        match *self {
            Self::Registered { client, .. } | Self::Deduplicated { client, .. } => {
                Some(client.tenant())
            }
            Self::Changed { tenant, .. }
            | Self::Unreadable { tenant, .. }
            | Self::Removed { tenant, .. }
            | Self::RuleMatched { tenant, .. }
            | Self::RuleUnanswered { tenant, .. } => Some(tenant),
            Self::Refused { tenant, .. } => tenant,
            Self::ClockDiffers { .. } => None,
        }
    }

    /// The client that it is about, if there is one.
    pub const fn client_id(&self) -> Option<&'a ClientId> {
        match *self {
            Self::Registered { client, .. } | Self::Deduplicated { client, .. } => {
                Some(client.id())
            }
            Self::Changed { client_id, .. } | Self::Removed { client_id, .. } => Some(client_id),
            Self::Unreadable { client, .. } => Some(client.id()),
            Self::RuleMatched { .. }
            | Self::RuleUnanswered { .. }
            | Self::ClockDiffers { .. }
            | Self::Refused { .. } => None,
        }
    }

    /// Where the request came from: `None` where nobody told it, and for what no request asked for.
    pub const fn source(&self) -> Option<IpAddr> {
        match *self {
            Self::Registered { source, .. }
            | Self::Deduplicated { source, .. }
            | Self::RuleMatched { source, .. }
            | Self::RuleUnanswered { source, .. }
            | Self::Refused { source, .. } => source,
            Self::Changed { .. }
            | Self::Unreadable { .. }
            | Self::Removed { .. }
            | Self::ClockDiffers { .. } => None,
        }
    }

    /// How long the registration took: `None` for an event that ends none.
    pub const fn took(&self) -> Option<Duration> {
        match *self {
            Self::Registered { took, .. }
            | Self::Deduplicated { took, .. }
            | Self::Refused { took, .. } => Some(took),
            Self::Changed { .. }
            | Self::Unreadable { .. }
            | Self::Removed { .. }
            | Self::RuleMatched { .. }
            | Self::RuleUnanswered { .. }
            | Self::ClockDiffers { .. } => None,
        }
    }

    /// The signal that a rule needed and that was unknown.
    pub const fn unknown_signal(&self) -> Option<UnknownSignal> {
        match self {
            Self::RuleUnanswered { unknown, .. } => Some(*unknown),
            Self::Refused { error, .. } => error.unknown_signal(),
            Self::Registered { .. }
            | Self::Deduplicated { .. }
            | Self::Changed { .. }
            | Self::Unreadable { .. }
            | Self::Removed { .. }
            | Self::RuleMatched { .. }
            | Self::ClockDiffers { .. } => None,
        }
    }

    /// How a registration came out, in one stable word: `registered`, `folded`, `refused` or `failed`.
    /// `None` for an event that ends no registration.
    pub const fn outcome(&self) -> Option<&'static str> {
        match self {
            Self::Registered { .. } => Some("registered"),
            Self::Deduplicated { .. } => Some("folded"),
            Self::Refused { error, .. } if error.is_failure() => Some("failed"),
            Self::Refused { .. } => Some("refused"),
            Self::Changed { .. }
            | Self::Unreadable { .. }
            | Self::Removed { .. }
            | Self::RuleMatched { .. }
            | Self::RuleUnanswered { .. }
            | Self::ClockDiffers { .. } => None,
        }
    }
}
