use std::sync::Arc;

use crate::events::Event;

/// Where events go: a log, counters, an audit trail.
///
/// An event follows the deed. A registration has its event, and so have the clients that were evicted for
/// it, even if the caller hangs up while it is stored: the store reports them once the transaction is
/// committed. No event is recorded where the process ends between the two, or where a store never learns
/// whether its commit was done; and none of a change, a removal or a mark whose caller goes away meanwhile.
/// What has to be proved beyond doubt is proved from the store.
///
/// It is called while the request is served, so it must be quick: hand slow work to a queue. It can't fail;
/// what it does with an event that it can't keep is up to it. If it panics, it loses that event: the other
/// sinks and the request go on.
///
/// Events of one client come in their order. Those of several registrations at the same time may not: a
/// removal can be told before the registration of the client that was removed, where the two were stored
/// together.
///
/// There are some: `TracingEvents` and `MetricsEvents` by the features `tracing` and `metrics`, and
/// [`AuditTrail`](crate::events::AuditTrail).
pub trait EventSink: Send + Sync + 'static {
    /// Takes note of `event`.
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
