use std::{fmt, sync::Arc};

use crate::{
    events::{AuditEvent, Event, EventSink},
    system::{Clock, SystemClock},
};

/// A sink that hands each event, as an [`AuditEvent`], to a function: append it to a file, a queue, a
/// table.
///
/// It is called on the request's way, so hand slow work on, and to a queue that has an end: refusals are
/// as many as anyone likes, and an unbounded one is memory that strangers fill. To leave them out, pass
/// over [`AuditFact::RegistrationRefused`](crate::events::AuditFact::RegistrationRefused).
///
/// ```
/// use std::sync::{Arc, atomic::{AtomicU64, Ordering}, mpsc};
///
/// use oauth_dcr::{events::AuditTrail, MemoryStore, Registrar, TenantSettings};
///
/// // Whatever reads the other end writes one line for each: `serde_json::to_string(&event)`.
/// let (trail, events) = mpsc::sync_channel(10_000);
/// let dropped = Arc::new(AtomicU64::new(0));
/// let count = Arc::clone(&dropped);
/// let registrar = Registrar::builder(MemoryStore::new())
///     .tenant(TenantSettings::new().enabled())
///     .events(AuditTrail::new(move |event| {
///         // The queue is full, or nobody reads any more: what the trail lacks is counted.
///         if trail.try_send(event).is_err() {
///             count.fetch_add(1, Ordering::Relaxed);
///         }
///     }))
///     .build()?;
/// # let _ = (registrar, events, dropped);
/// # Ok::<(), oauth_dcr::settings::SettingsError>(())
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
    pub fn with_clock(self, clock: impl Clock) -> Self {
        let clock = Arc::new(clock);
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
