use std::sync::Arc;

use crate::events::Event;

/// Receives events, for a log, metrics or an audit trail.
///
/// An event is recorded after its action. The events of a registration and of the clients that it evicted are
/// recorded even if the caller disconnects while the client is stored, because the store reports them after
/// the transaction is committed. There is no event if the process ends between the commit and the report, or
/// if the store never learns whether its commit succeeded. Nor is there an event of a change, a removal or a
/// mark if the caller disconnects before it completes. If something must be proved with certainty, use the
/// data in the store.
///
/// The sink is called while the request is served, so it must be fast: pass slow work to a queue. It cannot
/// return an error, and decides itself what to do with an event that it can't store. If it panics, it loses
/// the event, but the other sinks and the request continue.
///
/// The events of one client usually come in their order. But if several registrations are stored at the same
/// time, the removal of a client can come before its registration.
///
/// The crate has the sinks [`AuditTrail`](crate::events::AuditTrail), `TracingEvents` (feature `tracing`) and
/// `MetricsEvents` (feature `metrics`).
pub trait EventSink: Send + Sync + 'static {
    /// Records `event`.
    fn record(&self, event: &Event<'_>);
}

impl<E: EventSink + ?Sized> EventSink for Arc<E> {
    fn record(&self, event: &Event<'_>) {
        E::record(self, event);
    }
}

impl<E: EventSink + ?Sized> EventSink for Box<E> {
    fn record(&self, event: &Event<'_>) {
        E::record(self, event);
    }
}
