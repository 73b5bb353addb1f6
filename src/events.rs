//! What happens, for logs, counters and audit trails.

mod audit_event;
mod audit_trail;
mod event;

pub use audit_event::{AuditEvent, AuditFact};
pub use audit_trail::AuditTrail;
pub use event::{Change, Event, EventSink, Removal};
