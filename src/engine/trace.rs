//! The span of a registration and those of what it waits for: with the feature `tracing`. Without it
//! all of this is nothing, so that the pipeline reads the same.

use crate::{events::Event, types::TenantId};

#[cfg(not(feature = "tracing"))]
pub(super) use nothing::Trace;
#[cfg(feature = "tracing")]
pub(super) use spans::Trace;

/// What a registration waits for.
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

    /// The span of one attempt to register, within the caller's. One that closes without an outcome
    /// was dropped by its caller, or panicked.
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

        /// `future`, in this span whenever it runs.
        pub(in crate::engine) fn around<F: Future>(
            &self,
            future: F,
        ) -> impl Future<Output = F::Output> + use<F> {
            future.instrument(self.0.clone())
        }

        /// `future`, in a span of its own within the one that is current now.
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

        pub(in crate::engine) fn leads_to(&self, tenant: &TenantId) {
            self.0.record("tenant", tenant.as_str());
        }

        /// Records the outcome that `event` names, and calls `tell` in this span.
        pub(in crate::engine) fn end(&self, event: &Event<'_>, tell: impl FnOnce()) {
            self.0.record("outcome", event.outcome());
            if let Event::Refused { error, .. } = event {
                self.0.record("error", error.kind());
            }
            if let Some(id) = event.client_id() {
                self.0.record("client_id", id.as_str());
            }
            self.0.in_scope(tell);
        }

        /// Calls `tell` in this span.
        pub(in crate::engine) fn within(&self, tell: impl FnOnce()) {
            self.0.in_scope(tell);
        }

        /// Notes the outcome where nobody meant to register.
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

        pub(in crate::engine) const fn leads_to(&self, _: &TenantId) {}

        pub(in crate::engine) fn end(&self, _: &Event<'_>, tell: impl FnOnce()) {
            tell();
        }

        pub(in crate::engine) fn within(&self, tell: impl FnOnce()) {
            tell();
        }

        pub(in crate::engine) const fn end_without_event(&self, _: &'static str) {}
    }
}
