use std::{fmt, sync::Arc};

use crate::{
    events::{AuditEvent, Event, EventSink},
    system::{Clock, SystemClock},
};

/// A sink that passes each event, as an [`AuditEvent`], to a function, which can write it to a file, a queue
/// or a table.
///
/// The function is called while a request waits, so pass slow work to a queue. Anyone can cause any number of
/// refusals, so limit the size of the queue: otherwise attackers can fill the memory. To omit refusals, ignore
/// [`AuditFact::RegistrationRefused`](crate::events::AuditFact::RegistrationRefused).
///
/// ```
/// use std::sync::{Arc, atomic::{AtomicU64, Ordering}, mpsc};
///
/// use oauth_dcr::{events::AuditTrail, MemoryStore, Registrar, TenantSettings};
///
/// // The reader of the queue writes one line for each event: `serde_json::to_string(&event)`.
/// let (trail, events) = mpsc::sync_channel(10_000);
/// let dropped = Arc::new(AtomicU64::new(0));
/// let count = Arc::clone(&dropped);
/// let registrar = Registrar::builder(MemoryStore::new())
///     .tenant(TenantSettings::new().enabled())
///     .events(AuditTrail::new(move |event| {
///         // The queue is full, or its reader has stopped: count the lost events.
///         if trail.try_send(event).is_err() {
///             count.fetch_add(1, Ordering::Relaxed);
///         }
///     }))
///     .build()?;
/// # let _ = (registrar, events, dropped);
/// # Ok::<(), oauth_dcr::settings::SettingsError>(())
/// ```
pub struct AuditTrail<F> {
    write: F,
    clock: Arc<dyn Clock>,
}

impl<F: Fn(AuditEvent) + Send + Sync + 'static> AuditTrail<F> {
    /// A sink that passes events to `write`, with the time of the operating system.
    pub fn new(write: F) -> Self {
        Self {
            write,
            clock: Arc::new(SystemClock::new()),
        }
    }

    /// Takes the time from `clock`, such as the clock of the registrar.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock) -> Self {
        let clock = Arc::new(clock);
        Self { clock, ..self }
    }
}

impl<F: Fn(AuditEvent) + Send + Sync + 'static> EventSink for AuditTrail<F> {
    fn record(&self, event: &Event<'_>) {
        (self.write)(AuditEvent::of(self.clock.now(), event));
    }
}

impl<F> fmt::Debug for AuditTrail<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditTrail").finish_non_exhaustive()
    }
}
