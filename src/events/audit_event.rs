use std::{borrow::Cow, net::IpAddr};

use serde::{Deserialize, Serialize};

use crate::{
    client::Client,
    error::RegistrationError,
    events::{Change, Event, Removal},
    types::{ClientId, ClientType, ErrorRedirectPolicy, SecurityMode, TenantId, Timestamp},
};

/// An entry of an audit trail: what happened, when, to which client of which tenant, and from which address.
///
/// In JSON it is a flat object, whose member `event` names the [fact](AuditFact). Existing members keep their
/// names and meanings. New members may be added, and readers ignore unknown members. New facts, and new names
/// for values, may be added too, and they are an error for an older version of this crate. If a reader may be
/// older than the writer, it should first read a `serde_json::Value`, which keeps the whole line, and then
/// convert the value to an `AuditEvent`.
///
/// An entry contains no secret, no digest of a secret, and no text from the client: neither names nor redirect
/// URIs. It contains addresses, because an audit trail needs them. They are personal data in many
/// jurisdictions, so keep them no longer than necessary. This crate does not know who acted for the owner of a
/// tenant, so the host must add this information.
///
/// ```
/// use oauth_dcr::events::AuditEvent;
///
/// let line = r#"{"at":1800000000000,"tenant":"acme","event":"client_deleted","client_id":"tpc_8SXW"}"#;
/// let event: AuditEvent = serde_json::from_str(line)?;
/// assert_eq!(event.at.unix_seconds(), 1_800_000_000);
/// assert_eq!(serde_json::to_string(&event)?, line);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuditEvent {
    /// The time of the event, in milliseconds since the Unix epoch.
    pub at: Timestamp,
    /// The tenant, if the request has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// The address of the client behind the tenant's trusted proxies, if it is known. Actions of a tenant's
    /// owner have no address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<IpAddr>,
    /// What happened.
    #[serde(flatten)]
    pub fact: AuditFact,
}

/// The fact that an [`AuditEvent`] records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuditFact {
    /// A client was registered.
    #[non_exhaustive]
    ClientRegistered {
        /// The id of the client.
        client_id: ClientId,
        /// Whether the client has a secret.
        client_type: ClientType,
        /// The security mode with which the client was created.
        security_mode: SecurityMode,
    },
    /// A registration was a duplicate of a stored client, and the response was the stored client.
    #[serde(rename = "client_folded")]
    #[non_exhaustive]
    ClientDeduplicated {
        /// The id of the stored client.
        client_id: ClientId,
    },
    /// A registration was refused, or failed.
    #[non_exhaustive]
    RegistrationRefused {
        /// The kind of error ([`RegistrationError::kind`]).
        error: Cow<'static, str>,
        /// The member of the body at fault.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        field: Option<Cow<'static, str>>,
        /// The position of the value at fault, from 0.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        index: Option<u64>,
        /// The rule that the body breaks ([`RegistrationError::rule`]).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<Cow<'static, str>>,
        /// The description of the rule of the access control list that stopped the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        acl_rule: Option<String>,
        /// The unknown signal that this rule needs ([`Signal::name`](crate::acl::Signal::name)).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signal: Option<Cow<'static, str>>,
        /// Why the signal is unknown ([`UnknownReason::as_str`](crate::acl::UnknownReason::as_str)).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Cow<'static, str>>,
    },
    /// A monitoring rule of the access control list matched. Its action was not enforced.
    #[non_exhaustive]
    AclRuleMatched {
        /// The description of the rule.
        acl_rule: String,
        /// The id of the rule, if it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        acl_rule_id: Option<String>,
        /// The action that was not enforced: `allow`, `block` or `redirect`. Absent if the rule only reports.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        action: Option<Cow<'static, str>>,
    },
    /// A monitoring rule of the access control list could not be evaluated.
    #[non_exhaustive]
    AclRuleUnanswered {
        /// The description of the rule.
        acl_rule: String,
        /// The id of the rule, if it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        acl_rule_id: Option<String>,
        /// The unknown signal that the rule needs ([`Signal::name`](crate::acl::Signal::name)).
        signal: Cow<'static, str>,
        /// Why the signal is unknown ([`UnknownReason::as_str`](crate::acl::UnknownReason::as_str)).
        reason: Cow<'static, str>,
    },
    /// The owner replaced the metadata of a client.
    #[non_exhaustive]
    MetadataChanged {
        /// The id of the client.
        client_id: ClientId,
        /// How often the client has been changed, including this change.
        revision: u64,
        /// Whether the client has a secret now.
        client_type: ClientType,
    },
    /// The owner rotated the secret of a client.
    #[non_exhaustive]
    SecretRotated {
        /// The id of the client.
        client_id: ClientId,
        /// How often the client has been changed, including this change.
        revision: u64,
    },
    /// The owner blocked a client.
    #[non_exhaustive]
    ClientBlocked {
        /// The id of the client.
        client_id: ClientId,
        /// How often the client has been changed, including this change.
        revision: u64,
    },
    /// The owner unblocked a client.
    #[non_exhaustive]
    ClientUnblocked {
        /// The id of the client.
        client_id: ClientId,
        /// How often the client has been changed, including this change.
        revision: u64,
    },
    /// The owner set what happens to refused authorization requests of the client.
    #[serde(rename = "redirection_policy_set")]
    #[non_exhaustive]
    ErrorRedirectPolicySet {
        /// The id of the client.
        client_id: ClientId,
        /// How often the client has been changed, including this change.
        revision: u64,
        /// The new policy.
        #[serde(rename = "redirection_policy")]
        error_redirect_policy: ErrorRedirectPolicy,
    },
    /// A call needed a client whose record can't be read.
    #[non_exhaustive]
    ClientUnreadable {
        /// The id of the client.
        client_id: ClientId,
        /// Why the record can't be read, for a person.
        reason: String,
    },
    /// The owner deleted a client.
    #[non_exhaustive]
    ClientDeleted {
        /// The id of the client.
        client_id: ClientId,
    },
    /// A client was removed by a sweep, because it was unused or idle for too long.
    #[non_exhaustive]
    ClientSwept {
        /// The id of the client.
        client_id: ClientId,
    },
    /// A client was evicted for a new client.
    #[serde(rename = "client_made_room")]
    #[non_exhaustive]
    ClientEvicted {
        /// The id of the client.
        client_id: ClientId,
    },
    /// A client was evicted because its first user has too many clients.
    #[non_exhaustive]
    ClientOverUserLimit {
        /// The id of the client.
        client_id: ClientId,
    },
    /// The clock of a node differs from the clock of the store.
    #[non_exhaustive]
    ClockDiffers {
        /// The time by the clock of the node, in milliseconds since the Unix epoch.
        node: Timestamp,
        /// The time by the clock of the store.
        store: Timestamp,
    },
}

impl AuditEvent {
    /// The audit entry of `event`, which happened at the time `at`.
    pub fn of(at: Timestamp, event: &Event<'_>) -> Self {
        let fact = match event {
            Event::Registered { client, .. } => AuditFact::registered(client),
            Event::Deduplicated { client, .. } => {
                let client_id = client.id().clone();
                AuditFact::ClientDeduplicated { client_id }
            }
            Event::Changed {
                client_id,
                revision,
                change,
                ..
            } => AuditFact::changed(ClientId::clone(client_id), *revision, *change),
            Event::Unreadable { client, .. } => AuditFact::ClientUnreadable {
                client_id: client.id().clone(),
                reason: client.reason().to_owned(),
            },
            Event::Removed {
                client_id, removal, ..
            } => AuditFact::removed(ClientId::clone(client_id), *removal),
            Event::RuleMatched { rule, .. } => AuditFact::AclRuleMatched {
                acl_rule: rule.description().to_owned(),
                acl_rule_id: rule.id().map(str::to_owned),
                action: rule.action().map(|action| action.as_str().into()),
            },
            Event::RuleUnanswered { rule, unknown, .. } => AuditFact::AclRuleUnanswered {
                acl_rule: rule.description().to_owned(),
                acl_rule_id: rule.id().map(str::to_owned),
                signal: unknown.signal.name().into(),
                reason: unknown.reason.as_str().into(),
            },
            Event::ClockDiffers { node, store } => AuditFact::ClockDiffers {
                node: *node,
                store: *store,
            },
            Event::Refused { error, .. } => AuditFact::refused(error),
        };
        Self {
            at,
            tenant: event.tenant().cloned(),
            source: event.source(),
            fact,
        }
    }
}

impl AuditFact {
    fn registered(client: &Client) -> Self {
        Self::ClientRegistered {
            client_id: client.id().clone(),
            client_type: client.client_type(),
            security_mode: client.security_mode(),
        }
    }

    const fn changed(client_id: ClientId, revision: u64, change: Change<'_>) -> Self {
        match change {
            Change::Metadata(client) => Self::MetadataChanged {
                client_id,
                revision,
                client_type: client.client_type(),
            },
            Change::Secret => Self::SecretRotated {
                client_id,
                revision,
            },
            Change::Blocked => Self::ClientBlocked {
                client_id,
                revision,
            },
            Change::Unblocked => Self::ClientUnblocked {
                client_id,
                revision,
            },
            Change::ErrorRedirectPolicy(error_redirect_policy) => Self::ErrorRedirectPolicySet {
                client_id,
                revision,
                error_redirect_policy,
            },
        }
    }

    const fn removed(client_id: ClientId, removal: Removal) -> Self {
        match removal {
            Removal::Evicted => Self::ClientEvicted { client_id },
            Removal::UserLimit => Self::ClientOverUserLimit { client_id },
            Removal::Swept => Self::ClientSwept { client_id },
            Removal::Deleted => Self::ClientDeleted { client_id },
        }
    }

    fn refused(error: &RegistrationError) -> Self {
        let unknown = error.unknown_signal();
        Self::RegistrationRefused {
            error: error.kind().into(),
            field: error.field().map(|field| field.as_str().into()),
            index: error.index().and_then(|index| u64::try_from(index).ok()),
            rule: error.rule().map(Into::into),
            acl_rule: error.acl_rule().map(str::to_owned),
            signal: unknown.map(|unknown| unknown.signal.name().into()),
            reason: unknown.map(|unknown| unknown.reason.as_str().into()),
        }
    }
}
