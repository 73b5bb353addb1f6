use std::sync::Arc;

use crate::{
    acl::Rule,
    client::Client,
    error::RegistrationError,
    values::{ClientId, TenantId},
};

/// Something that an operator may want to count, log or prove.
///
/// No event holds a secret or the body of a request.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A client was registered and stored.
    Registered {
        /// The client.
        client: &'a Client,
    },
    /// A registration was folded into a client that registered the same before.
    Folded {
        /// The client.
        client: &'a Client,
    },
    /// The tenant's owner changed a client.
    Changed {
        /// The client, as it is now.
        client: &'a Client,
        /// What was changed.
        change: Change,
    },
    /// A client was removed.
    Removed {
        /// The tenant.
        tenant: &'a TenantId,
        /// The client's id.
        client_id: &'a ClientId,
        /// Why.
        removal: Removal,
    },
    /// A monitoring rule of the access control list matched: what it says was not done.
    RuleMatched {
        /// The tenant.
        tenant: &'a TenantId,
        /// The rule.
        rule: &'a Rule,
    },
    /// A registration was refused, or failed.
    Refused {
        /// The tenant, if the request led to one.
        tenant: Option<&'a TenantId>,
        /// Why.
        error: &'a RegistrationError,
    },
}

/// What the owner of a tenant changed about a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Change {
    /// What it is registered with, and its secret if it became confidential or public by that.
    Metadata,
    /// Its secret.
    Secret,
    /// It was blocked.
    Blocked,
    /// It is no longer blocked.
    Unblocked,
    /// What becomes of its authorization requests that are refused.
    RedirectionPolicy,
}

/// Why a client was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Removal {
    /// It was never used, and made room for a new one.
    MadeRoom,
    /// It was unused or idle for too long.
    Swept,
    /// The owner deleted it.
    Deleted,
}

/// Where events go: a log, counters, an audit trail.
///
/// An event follows the deed: a client that hangs up while its registration is being stored may
/// leave a whole client behind and no event. What has to be proved is proved from the store.
///
/// It is called on the request's way, so it must be quick: hand slow work to a queue. It can't
/// fail; what it does with an event that it can't keep is its own affair.
pub trait EventSink: Send + Sync + 'static {
    /// Takes note of `event`.
    fn record(&self, event: &Event<'_>);
}

/// Drops every event.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoEvents;

impl EventSink for NoEvents {
    fn record(&self, _: &Event<'_>) {}
}

impl<E: EventSink> EventSink for Arc<E> {
    fn record(&self, event: &Event<'_>) {
        E::record(self, event);
    }
}
