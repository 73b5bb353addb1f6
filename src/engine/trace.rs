//! The spans of a registration and of the calls that it waits for, with the feature `tracing`. Without the feature,
//! the same functions do nothing, so the pipeline needs no conditions.

use crate::{events::Event, types::TenantId};

#[cfg(not(feature = "tracing"))]
pub(super) use nothing::Trace;
#[cfg(feature = "tracing")]
pub(super) use spans::Trace;

/// A call that a registration waits for.
#[derive(Clone, Copy)]
pub(super) enum Wait {
    FindTenant,
    VerifyToken,
    Acquire,
    Insert,
}

#[cfg(feature = "tracing")]
mod spans {
    use ::tracing::{Instrument as _, Span, debug_span, field::Empty, info_span};

    use super::{Event, TenantId, Wait};

    /// The span of one attempt to register, within the caller's span. If a span closes without an outcome, its caller
    /// dropped the attempt, or the attempt panicked.
    pub(in crate::engine) struct Trace(Span);

    impl Trace {
        pub(in crate::engine) fn begin() -> Self {
            Self(info_span!(
                target: "oauth_dcr",
                "registration",
                tenant = Empty,
                outcome = Empty,
                error = Empty,
                client_id = Empty,
            ))
        }

        /// Runs `future` in this span.
        pub(in crate::engine) fn around<F: Future>(
            &self,
            future: F,
        ) -> impl Future<Output = F::Output> + use<F> {
            future.instrument(self.0.clone())
        }

        /// Runs `future` in a new span within the current span.
        pub(in crate::engine) fn wait<F: Future>(
            wait: Wait,
            future: F,
        ) -> impl Future<Output = F::Output> + use<F> {
            future.instrument(match wait {
                Wait::FindTenant => debug_span!(target: "oauth_dcr", "tenants.find"),
                Wait::VerifyToken => debug_span!(target: "oauth_dcr", "initial_access.verify"),
                Wait::Acquire => debug_span!(target: "oauth_dcr", "limiter.acquire"),
                Wait::Insert => debug_span!(target: "oauth_dcr", "store.insert"),
            })
        }

        pub(in crate::engine) fn set_tenant(&self, tenant: &TenantId) {
            self.0.record("tenant", tenant.as_str());
        }

        /// Records the outcome that `event` names, and calls `report` in this span.
        pub(in crate::engine) fn end(&self, event: &Event<'_>, report: impl FnOnce()) {
            self.0.record("outcome", event.outcome());
            if let Event::Refused { error, .. } = event {
                self.0.record("error", error.kind());
            }
            if let Some(id) = event.client_id() {
                self.0.record("client_id", id.as_str());
            }
            self.0.in_scope(report);
        }

        /// Calls `report` in this span.
        pub(in crate::engine) fn within(&self, report: impl FnOnce()) {
            self.0.in_scope(report);
        }

        /// Records the outcome of a request that does not try to register.
        pub(in crate::engine) fn end_without_event(&self, outcome: &'static str) {
            self.0.record("outcome", outcome);
        }
    }
}

#[cfg(not(feature = "tracing"))]
mod nothing {
    use super::{Event, TenantId, Wait};

    pub(in crate::engine) struct Trace;

    impl Trace {
        pub(in crate::engine) const fn begin() -> Self {
            Self
        }

        pub(in crate::engine) fn around<F: Future>(&self, future: F) -> F {
            future
        }

        pub(in crate::engine) fn wait<F: Future>(_: Wait, future: F) -> F {
            future
        }

        pub(in crate::engine) const fn set_tenant(&self, _: &TenantId) {}

        pub(in crate::engine) fn end(&self, _: &Event<'_>, report: impl FnOnce()) {
            report();
        }

        pub(in crate::engine) fn within(&self, report: impl FnOnce()) {
            report();
        }

        pub(in crate::engine) const fn end_without_event(&self, _: &'static str) {}
    }
}
