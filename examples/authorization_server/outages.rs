//! Outages of back ends. The log has a line when an outage begins and a line when it is over, however many requests
//! fail in between.

use std::{
    collections::HashMap,
    error::Error,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use oauth_dcr::{
    BackendError, RegistrationError,
    client::UnreadableClient,
    events::{Event, EventSink},
    tracing::TracingEvents,
};
use tokio::time::Instant;
use tracing::{error, warn};

use crate::report;

/// An outage is over if a request succeeds and none has failed for this long. A back end that fails now and then has
/// one long outage.
const CALM: Duration = Duration::from_secs(1);

/// Logs outages, and hands all other events to another log.
pub(crate) struct Outages {
    log: TracingEvents,
    /// By the name of the back end.
    outages: Mutex<HashMap<&'static str, Outage>>,
}

struct Outage {
    began: Instant,
    last_failure: Instant,
    failures: u64,
}

impl Outages {
    pub(crate) fn new(log: TracingEvents) -> Self {
        Self {
            log,
            outages: Mutex::default(),
        }
    }

    /// A back end failed.
    pub(crate) fn failed(&self, failure: &BackendError) {
        let (backend, now) = (failure.backend(), Instant::now());
        let mut outages = self.lock();
        let outage = outages.entry(backend).or_insert(Outage {
            began: now,
            last_failure: now,
            failures: 0,
        });
        outage.last_failure = now;
        outage.failures += 1;
        if outage.failures == 1 {
            error!(backend, cause = report::chain(failure), "outage");
        }
    }

    /// A back end did what it was asked for.
    pub(crate) fn answered(&self, backend: &'static str) {
        self.end(|name| name == backend);
    }

    fn end(&self, has_answered: impl Fn(&str) -> bool) {
        self.lock().retain(|backend, outage| {
            let is_over = has_answered(backend) && outage.last_failure.elapsed() >= CALM;
            if is_over {
                let seconds = outage.began.elapsed().as_secs();
                let failures = outage.failures;
                warn!(backend, seconds, failures, "outage is over");
            }
            !is_over
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<&'static str, Outage>> {
        self.outages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventSink for Outages {
    fn record(&self, event: &Event<'_>) {
        match event {
            Event::Refused {
                error: RegistrationError::Backend(failure),
                ..
            } if !is_unreadable(failure) => return self.failed(failure),
            // A registration needs every back end.
            Event::Registered { .. } | Event::Deduplicated { .. } => self.end(|_| true),
            _ => {}
        }
        self.log.record(event);
    }
}

/// Whether the back end works, but the record of a client can't be read.
fn is_unreadable(failure: &BackendError) -> bool {
    let source = failure.source();
    source.is_some_and(<dyn Error>::is::<UnreadableClient>)
}
