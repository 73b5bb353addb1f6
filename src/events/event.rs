use std::{net::IpAddr, time::Duration};

use crate::{
    acl::{Rule, UnknownSignal},
    client::{Client, UnreadableClient},
    error::RegistrationError,
    events::{Change, Removal},
    types::{ClientId, TenantId, Timestamp},
};

/// An event that an operator may want to count, log or prove.
///
/// No event contains a secret or the body of a request. `source` is the address of the client behind the
/// tenant's trusted proxies, as in [`Signals::source`](crate::acl::Signals::source). It is personal data in
/// many jurisdictions. It is `None` if the address is not known. Over HTTP, it is also `None` if the request
/// has no tenant, because only a tenant has trusted proxies.
///
/// `took` is measured by [`Clock::monotonic`](crate::system::Clock::monotonic) from the start of the
/// admission. It includes the time until the body has arrived.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A client was registered and stored.
    #[non_exhaustive]
    Registered {
        /// The client.
        client: &'a Client,
        /// The address of the client behind trusted proxies.
        source: Option<IpAddr>,
        /// The duration of the registration.
        took: Duration,
    },
    /// A registration was a duplicate of a registered client.
    #[non_exhaustive]
    Deduplicated {
        /// The registered client.
        client: &'a Client,
        /// The address of the client behind trusted proxies.
        source: Option<IpAddr>,
        /// The duration of the registration.
        took: Duration,
    },
    /// The tenant's owner changed a client.
    #[non_exhaustive]
    Changed {
        /// The tenant.
        tenant: &'a TenantId,
        /// The client's id.
        client_id: &'a ClientId,
        /// How often the client has been changed, including this change.
        revision: u64,
        /// The change.
        change: Change<'a>,
    },
    /// A call needed a client whose record can't be read, because the record is damaged or has a form that
    /// this version does not know. Requests of clients get a 503.
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
        /// The reason for the removal.
        removal: Removal,
    },
    /// A monitoring rule of the access control list matched. Its action was not enforced.
    #[non_exhaustive]
    RuleMatched {
        /// The tenant.
        tenant: &'a TenantId,
        /// The rule.
        rule: &'a Rule,
        /// The address of the client behind trusted proxies.
        source: Option<IpAddr>,
    },
    /// A monitoring rule of the access control list could not be evaluated, because it needs an unknown
    /// signal. In this case, an enforced rule refuses the request.
    #[non_exhaustive]
    RuleUnanswered {
        /// The tenant.
        tenant: &'a TenantId,
        /// The rule.
        rule: &'a Rule,
        /// The signal that the rule needs, and why it is unknown.
        unknown: UnknownSignal,
        /// The address of the client behind trusted proxies.
        source: Option<IpAddr>,
    },
    /// The clock of this node differs from the clock of the store by more than a minute. It is reported when the
    /// store's clock is first read, and then once an hour while calls or
    /// [`Registrar::store_time`](crate::Registrar::store_time) read it.
    ///
    /// The times of registrations and of idle clients come from the store's clock. Tokens and secrets use the
    /// node's clock.
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
        /// The tenant, if the request has one.
        tenant: Option<&'a TenantId>,
        /// The error.
        error: &'a RegistrationError,
        /// The address of the client behind trusted proxies.
        source: Option<IpAddr>,
        /// The duration until the refusal.
        took: Duration,
    },
}

impl<'a> Event<'a> {
    /// The tenant of the event, if there is one.
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

    /// The client of the event, if there is one.
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

    /// The address of the client behind trusted proxies. `None` if it is not known, or if the event has no
    /// request.
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

    /// The duration of the registration, or `None` for an event that does not end a registration.
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

    /// The unknown signal that a rule needed.
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

    /// The stable name of the outcome of a registration: `registered`, `folded` (a duplicate), `refused` or
    /// `failed`. `None` for an event that does not end a registration.
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
