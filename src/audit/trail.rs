use std::{fmt, sync::Arc};

use crate::{
    audit::AuditEvent,
    ports::{Clock, Event, EventSink, SystemClock},
};

/// A sink that hands each event, as an [`AuditEvent`], to a function: append it to a file, a queue, a
/// table.
///
/// It is called on the request's way, so hand slow work on.
///
/// ```
/// use std::sync::mpsc;
///
/// use oauth_dcr::{AuditTrail, MemoryStore, Registrar, TenantSettings};
///
/// // Whatever reads the other end writes one line for each: `serde_json::to_string(&event)`.
/// let (trail, events) = mpsc::channel();
/// let registrar = Registrar::builder(MemoryStore::new())
///     .tenant(TenantSettings::new().enabled())
///     .events(AuditTrail::new(move |event| {
///         // It fails if nobody reads any more; what then, is for you to say.
///         let _sent = trail.send(event);
///     }))
///     .build();
/// # let _ = (registrar, events);
/// ```
pub struct AuditTrail<F> {
    keep: F,
    clock: Arc<dyn Clock>,
}

impl<F: Fn(AuditEvent) + Send + Sync + 'static> AuditTrail<F> {
    /// Hands events to `keep`, with the time of the operating system.
    pub fn new(keep: F) -> Self {
        Self {
            keep,
            clock: Arc::new(SystemClock::new()),
        }
    }

    /// Tells the time by `clock`, such as that of the registrar.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }
}

impl<F: Fn(AuditEvent) + Send + Sync + 'static> EventSink for AuditTrail<F> {
    fn record(&self, event: &Event<'_>) {
        (self.keep)(AuditEvent::of(self.clock.now(), event));
    }
}

impl<F> fmt::Debug for AuditTrail<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditTrail").finish_non_exhaustive()
    }
}
