//! Writes log lines and spans, through the crate `tracing`.
//!
//! ```
//! use oauth_dcr::{MemoryStore, Registrar, TenantSettings, tracing::TracingEvents};
//!
//! let registrar = Registrar::builder(MemoryStore::new())
//!     .tenant(TenantSettings::new().enabled())
//!     .events(TracingEvents::new())
//!     .build()?;
//! # let _ = registrar;
//! # Ok::<(), oauth_dcr::settings::SettingsError>(())
//! ```
//!
//! [`TracingEvents`] is the only item of this module: a sink that logs each event. With the feature `tracing`, each
//! registration also has a span, with or without this sink.
//! [`guide::observability`](crate::guide::observability) lists all names.

mod once_a_minute;

use std::{error::Error, fmt, net::IpAddr, sync::Arc, time::Duration};

use ::tracing::{
    debug, error,
    field::{DisplayValue, display},
    info, warn,
};

use crate::{
    acl::{Action, Signal, UnknownSignal},
    client::UnreadableClient,
    error::RegistrationError,
    events::{Event, EventSink},
    registration::Field,
    system::{Clock, SystemClock},
    tracing::once_a_minute::OnceAMinute,
    types::{ClientId, TenantId, Timestamp},
};

/// A sink that logs each event, with the target `oauth_dcr`.
///
/// Events that anyone can cause without limit are logged at DEBUG: refusals, and matches of monitoring rules. Failures are
/// logged at ERROR, and other events at INFO.
///
/// A rule that needs an unknown signal refuses requests, or monitors nothing, until the operator changes something. So a
/// line at WARN says what to change. There is at most one line a minute for each tenant and signal, with the number of
/// evaluations that failed since the last line. In the same way, there is a line at ERROR for each client whose record
/// can't be read. If a clock differs from the store's clock, there is a line at WARN once an hour.
///
/// The lines contain no secrets and no text of clients. But [with causes](Self::with_causes), they contain the error
/// messages of back ends, which may quote their input. The [module](self) has an example.
#[derive(Clone)]
pub struct TracingEvents {
    addresses: bool,
    causes: bool,
    clock: Arc<dyn Clock>,
    unknown_signals: Arc<OnceAMinute<(TenantId, Signal)>>,
    unreadable_clients: Arc<OnceAMinute<(TenantId, ClientId)>>,
}

impl TracingEvents {
    /// Logs neither addresses nor causes.
    pub fn new() -> Self {
        Self {
            addresses: false,
            causes: false,
            clock: Arc::new(SystemClock::new()),
            unknown_signals: Arc::default(),
            unreadable_clients: Arc::default(),
        }
    }

    /// Measures the minute between two lines by `clock`. Default: the clock of the operating system.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock) -> Self {
        Self {
            clock: Arc::new(clock),
            ..self
        }
    }

    /// Logs the addresses of requests, in `source`. In many countries, these are personal data.
    #[must_use]
    pub fn with_addresses(self) -> Self {
        Self {
            addresses: true,
            ..self
        }
    }

    /// Logs why a back end failed, in `cause`: its error message and the messages of the causes. The back ends of this
    /// crate log no passwords. Check that your own back ends do not, for example as a part of a connection string.
    #[must_use]
    pub fn with_causes(self) -> Self {
        Self {
            causes: true,
            ..self
        }
    }
}

impl Default for TracingEvents {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TracingEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracingEvents")
            .field("addresses", &self.addresses)
            .field("causes", &self.causes)
            .finish_non_exhaustive()
    }
}

impl EventSink for TracingEvents {
    fn record(&self, event: &Event<'_>) {
        if let (Some(tenant), Some(unknown)) = (event.tenant(), event.unknown_signal()) {
            self.unknown(tenant, unknown);
        }
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
            Event::Deduplicated { source, took, .. } => info!(
                target: "oauth_dcr", tenant, outcome, client_id,
                took_seconds = took.as_secs_f64(), source = self.shown(*source),
                "client folded"
            ),
            Event::Changed {
                revision, change, ..
            } => info!(
                target: "oauth_dcr", tenant, client_id,
                change = change.as_str(), revision,
                "client changed"
            ),
            Event::Unreadable { tenant, client } => self.unreadable(tenant, client),
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
            Event::RuleUnanswered {
                rule,
                unknown,
                source,
                ..
            } => debug!(
                target: "oauth_dcr", tenant,
                acl_rule = rule.description(), acl_rule_id = rule.id(),
                signal = unknown.signal.name(), reason = unknown.reason.as_str(),
                source = self.shown(*source),
                "acl rule not evaluated"
            ),
            Event::ClockDiffers { node, store } => warn!(
                target: "oauth_dcr", node_ahead_seconds = seconds_ahead(*node, *store),
                "clock differs"
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
        &self,
        tenant: Option<&str>,
        why: &RegistrationError,
        source: Option<IpAddr>,
        took: Duration,
    ) {
        let (took_seconds, source) = (took.as_secs_f64(), self.shown(source));
        let unknown = why.unknown_signal();
        if why.is_failure() && unknown.is_none() {
            error!(
                target: "oauth_dcr", tenant, outcome = "failed", error = why.kind(),
                backend = backend(why), cause = self.cause(why), took_seconds, source,
                "registration failed"
            );
        } else {
            debug!(
                target: "oauth_dcr", tenant,
                outcome = if why.is_failure() { "failed" } else { "refused" },
                error = why.kind(),
                field = why.field().map(Field::as_str), index = why.index(),
                rule = why.rule(), acl_rule = why.acl_rule(),
                signal = unknown.map(|unknown| unknown.signal.name()),
                reason = unknown.map(|unknown| unknown.reason.as_str()),
                took_seconds, source,
                "registration refused"
            );
        }
    }

    /// Tells the operator what to change, at most once a minute.
    fn unknown(&self, tenant: &TenantId, UnknownSignal { signal, reason }: UnknownSignal) {
        let now = self.clock.monotonic();
        if let Some(count) = self.unknown_signals.count((tenant.clone(), signal), now) {
            warn!(
                target: "oauth_dcr", tenant = tenant.as_str(), signal = signal.name(),
                reason = reason.as_str(), count, advice = reason.advice(),
                "acl signal unknown"
            );
        }
    }

    /// Tells the operator which client to delete or repair, at most once a minute, because anyone who knows the client's id
    /// can cause this.
    fn unreadable(&self, tenant: &TenantId, client: &UnreadableClient) {
        let now = self.clock.monotonic();
        let subject = (tenant.clone(), client.id().clone());
        if let Some(count) = self.unreadable_clients.count(subject, now) {
            error!(
                target: "oauth_dcr", tenant = tenant.as_str(), client_id = client.id().as_str(),
                reason = client.reason(), count,
                "client unreadable"
            );
        }
    }

    fn shown(&self, source: Option<IpAddr>) -> Option<DisplayValue<IpAddr>> {
        source.filter(|_| self.addresses).map(display)
    }

    fn cause<'a>(&self, error: &'a RegistrationError) -> Option<DisplayValue<Causes<'a>>> {
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

/// By how many seconds the clock of a node is ahead of the clock of the store. Negative if it is behind.
fn seconds_ahead(node: Timestamp, store: Timestamp) -> i64 {
    let seconds = |moment: Timestamp| moment.unix_seconds().cast_signed();
    seconds(node).saturating_sub(seconds(store))
}

/// An error with all of its causes.
struct Causes<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut causes = std::iter::successors(self.0.source(), |&cause| cause.source());
        causes.try_for_each(|cause| write!(f, ": {cause}"))
    }
}
