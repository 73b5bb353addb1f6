//! What happens, for logs, counters and audit trails.

mod audit_event;
mod audit_trail;
mod change;
mod event;
mod event_sink;
mod removal;

pub use audit_event::{AuditEvent, AuditFact};
pub use audit_trail::AuditTrail;
pub use change::Change;
pub use event::Event;
pub use event_sink::EventSink;
pub use removal::Removal;
