//! The life of a client: when it makes room, when it is removed, what it is folded into.
//!
//! Open registration fills tables, so each tenant may bound them. The rules are here; stores carry
//! them out.

mod fold;
mod sweep;
mod usage;

pub use fold::FoldKey;
pub use sweep::Sweep;
pub use usage::{Touch, TouchOutcome, Usage};
