//! Events for programs that log through the crate `tracing`, with the feature `tracing`.
//!
//! With the feature, each registration has a span as well, whether or not there is a sink. The names of
//! both are in [`guide::observability`](crate::guide::observability).

use std::{error::Error, fmt, net::IpAddr, time::Duration};

use ::tracing::{
    debug, error,
    field::{DisplayValue, display},
    info,
};

use crate::{
    acl::Action,
    error::RegistrationError,
    ports::{Event, EventSink},
    registration::Field,
    values::{ClientId, TenantId},
};

/// A sink that logs each event, with the target `oauth_dcr`.
///
/// What anyone may provoke without limit is logged at DEBUG: refusals, and matches of monitoring rules.
/// What fails is logged at ERROR, and the rest at INFO. Strangers can provoke ERROR too, where a
/// tenant's rules look at addresses and the host tells none.
///
/// Nothing of it is a secret or in the client's own words; but [with causes](Self::with_causes), back ends
/// have their say, and may quote what they were given.
///
/// ```
/// use oauth_dcr::{MemoryStore, Registrar, TenantSettings, tracing::TracingEvents};
///
/// let registrar = Registrar::builder(MemoryStore::new())
///     .tenant(TenantSettings::new().enabled())
///     .events(TracingEvents::new())
///     .build();
/// # let _ = registrar;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingEvents {
    addresses: bool,
    causes: bool,
}

impl TracingEvents {
    /// Logs neither addresses nor causes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Logs where requests come from, in `source`: personal data in many places.
    #[must_use]
    pub const fn with_addresses(self) -> Self {
        Self {
            addresses: true,
            ..self
        }
    }

    /// Logs why a back end failed, in `cause`: its own words, and those of what it stands on. The back
    /// ends of this crate don't say passwords; whether yours do, such as a whole connection string, is
    /// for you to know.
    #[must_use]
    pub const fn with_causes(self) -> Self {
        Self {
            causes: true,
            ..self
        }
    }
}

impl EventSink for TracingEvents {
    fn record(&self, event: &Event<'_>) {
        let tenant = event.tenant().map(TenantId::as_str);
        let outcome = event.outcome();
        let client_id = event.client_id().map(ClientId::as_str);
        match event {
            Event::Registered {
                client,
                source,
                took,
            } => info!(
                target: "oauth_dcr", tenant, outcome, client_id,
                client_type = client.client_type().as_str(),
                security_mode = client.security_mode().as_str(),
                took_seconds = took.as_secs_f64(), source = self.shown(*source),
                "client registered"
            ),
            Event::Folded { source, took, .. } => info!(
                target: "oauth_dcr", tenant, outcome, client_id,
                took_seconds = took.as_secs_f64(), source = self.shown(*source),
                "client folded"
            ),
            Event::Changed { client, change } => info!(
                target: "oauth_dcr", tenant, client_id,
                change = change.as_str(), revision = client.revision(),
                "client changed"
            ),
            Event::Removed { removal, .. } => info!(
                target: "oauth_dcr", tenant, client_id, removal = removal.as_str(),
                "client removed"
            ),
            Event::RuleMatched { rule, source, .. } => debug!(
                target: "oauth_dcr", tenant,
                acl_rule = rule.description(), acl_rule_id = rule.id(),
                action = rule.action().map(Action::as_str),
                source = self.shown(*source),
                "acl rule matched"
            ),
            Event::Refused {
                error,
                source,
                took,
                ..
            } => self.refused(tenant, error, *source, *took),
        }
    }
}

impl TracingEvents {
    fn refused(
        self,
        tenant: Option<&str>,
        why: &RegistrationError,
        source: Option<IpAddr>,
        took: Duration,
    ) {
        let (took_seconds, source) = (took.as_secs_f64(), self.shown(source));
        if why.is_failure() {
            error!(
                target: "oauth_dcr", tenant, outcome = "failed", error = why.kind(),
                backend = backend(why), cause = self.cause(why), took_seconds, source,
                "registration failed"
            );
        } else {
            debug!(
                target: "oauth_dcr", tenant, outcome = "refused", error = why.kind(),
                field = why.field().map(Field::as_str), index = why.index(),
                rule = why.rule(), acl_rule = why.acl_rule(), took_seconds, source,
                "registration refused"
            );
        }
    }

    fn shown(self, source: Option<IpAddr>) -> Option<DisplayValue<IpAddr>> {
        source.filter(|_| self.addresses).map(display)
    }

    fn cause(self, error: &RegistrationError) -> Option<DisplayValue<Causes<'_>>> {
        let cause = error.source()?.source().filter(|_| self.causes)?;
        Some(display(Causes(cause)))
    }
}

const fn backend(error: &RegistrationError) -> Option<&'static str> {
    match error {
        RegistrationError::Backend(error) => Some(error.backend()),
        _ => None,
    }
}

/// An error and what caused it, down to the first cause.
struct Causes<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut causes = std::iter::successors(self.0.source(), |&cause| cause.source());
        causes.try_for_each(|cause| write!(f, ": {cause}"))
    }
}
