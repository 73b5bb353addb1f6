use std::{borrow::Cow, net::IpAddr};

use serde::{Deserialize, Serialize};

use crate::{
    client::Client,
    error::RegistrationError,
    events::{Change, Event, Removal},
    types::{ClientId, ClientType, ErrorRedirectPolicy, SecurityMode, TenantId, Timestamp},
};

/// Something that an operator must be able to prove later: what happened, when, to which client of
/// which tenant, and from where.
///
/// As JSON it is one flat object whose `event` says which of the [facts](AuditFact) it is. Members may
/// be added, and readers pass over those that they don't know; the ones that are there keep their names
/// and meanings. Facts may be added too, and one that it doesn't know is an error to an older version of
/// this crate, as is a new word for a value that it does know: a reader that may be older than the writer
/// reads a `serde_json::Value` first, which holds the whole line, and then an `AuditEvent` of that.
///
/// It holds no secret, no digest of one, and nothing in the client's own words: neither names nor
/// redirect URIs. It does hold addresses, because a trail of who did something needs them: they are
/// personal data in many places, so keep it no longer than you must. Who acted for the owner of a
/// tenant, this crate doesn't know: that is for the host to add.
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
    /// When, in milliseconds since the Unix epoch.
    pub at: Timestamp,
    /// The tenant, if the request led to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// The address of the client behind the tenant's trusted proxies, where it is known. What the owner
    /// of a tenant does has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<IpAddr>,
    /// What.
    #[serde(flatten)]
    pub fact: AuditFact,
}

/// What an [`AuditEvent`] is evidence of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuditFact {
    /// A client was registered.
    #[non_exhaustive]
    ClientRegistered {
        /// Its id.
        client_id: ClientId,
        /// Whether it has a secret.
        client_type: ClientType,
        /// The mode that it was created with.
        security_mode: SecurityMode,
    },
    /// A registration was a duplicate of a stored client, and was answered with that client.
    #[serde(rename = "client_folded")]
    #[non_exhaustive]
    ClientDeduplicated {
        /// The id of the stored client.
        client_id: ClientId,
    },
    /// A registration was refused, or failed.
    #[non_exhaustive]
    RegistrationRefused {
        /// Which kind of error it was ([`RegistrationError::kind`]).
        error: Cow<'static, str>,
        /// The member of the body at fault.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        field: Option<Cow<'static, str>>,
        /// Which of its values, from 0.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        index: Option<u64>,
        /// The rule that the body breaks ([`RegistrationError::rule`]).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<Cow<'static, str>>,
        /// What the rule of the access control list is for that stopped the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        acl_rule: Option<String>,
        /// The signal that this rule needs and that is unknown ([`Signal::name`](crate::acl::Signal::name)).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signal: Option<Cow<'static, str>>,
        /// Why it is unknown ([`UnknownReason::as_str`](crate::acl::UnknownReason::as_str)).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Cow<'static, str>>,
    },
    /// A monitoring rule of the access control list matched, and what it says was not done.
    #[non_exhaustive]
    AclRuleMatched {
        /// What the rule is for.
        acl_rule: String,
        /// Its id, where it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        acl_rule_id: Option<String>,
        /// What it would have done: `allow`, `block` or `redirect`; absent where it only reports.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        action: Option<Cow<'static, str>>,
    },
    /// A monitoring rule of the access control list could not be evaluated.
    #[non_exhaustive]
    AclRuleUnanswered {
        /// What the rule is for.
        acl_rule: String,
        /// Its id, where it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        acl_rule_id: Option<String>,
        /// The signal that the rule needs ([`Signal::name`](crate::acl::Signal::name)).
        signal: Cow<'static, str>,
        /// Why it is unknown ([`UnknownReason::as_str`](crate::acl::UnknownReason::as_str)).
        reason: Cow<'static, str>,
    },
    /// The owner registered a client anew.
    #[non_exhaustive]
    MetadataChanged {
        /// Its id.
        client_id: ClientId,
        /// How often it has been changed, this change included.
        revision: u64,
        /// Whether it has a secret now.
        client_type: ClientType,
    },
    /// The owner gave a client a new secret.
    #[non_exhaustive]
    SecretRotated {
        /// Its id.
        client_id: ClientId,
        /// How often it has been changed, this change included.
        revision: u64,
    },
    /// The owner blocked a client.
    #[non_exhaustive]
    ClientBlocked {
        /// Its id.
        client_id: ClientId,
        /// How often it has been changed, this change included.
        revision: u64,
    },
    /// The owner let a blocked client go on.
    #[non_exhaustive]
    ClientUnblocked {
        /// Its id.
        client_id: ClientId,
        /// How often it has been changed, this change included.
        revision: u64,
    },
    /// The owner decided what becomes of the client's authorization requests that are refused.
    #[serde(rename = "redirection_policy_set")]
    #[non_exhaustive]
    ErrorRedirectPolicySet {
        /// Its id.
        client_id: ClientId,
        /// How often it has been changed, this change included.
        revision: u64,
        /// What was decided.
        #[serde(rename = "redirection_policy")]
        error_redirect_policy: ErrorRedirectPolicy,
    },
    /// A call needed a client whose record can't be read.
    #[non_exhaustive]
    ClientUnreadable {
        /// Its id.
        client_id: ClientId,
        /// Why, for a person.
        reason: String,
    },
    /// The owner deleted a client.
    #[non_exhaustive]
    ClientDeleted {
        /// Its id.
        client_id: ClientId,
    },
    /// A client was unused or idle for too long, and was swept away.
    #[non_exhaustive]
    ClientSwept {
        /// Its id.
        client_id: ClientId,
    },
    /// A client was evicted for a new one.
    #[serde(rename = "client_made_room")]
    #[non_exhaustive]
    ClientEvicted {
        /// Its id.
        client_id: ClientId,
    },
    /// A client was evicted because its first user has too many.
    #[non_exhaustive]
    ClientOverUserLimit {
        /// Its id.
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
    /// What `event`, which happened at `at`, is evidence of.
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
            signal: unknown.map(|it| it.signal.name().into()),
            reason: unknown.map(|it| it.reason.as_str().into()),
        }
    }
}
