//! What an operator must be able to prove: events as values that can be kept.

mod event;
mod trail;

pub use event::{AuditEvent, AuditFact};
pub use trail::AuditTrail;
