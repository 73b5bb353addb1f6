//! The life of a client: when it is evicted or swept, and what it is folded into.
//!
//! Open registration fills tables, so each tenant may bound them. The rules are here; stores carry
//! them out.

mod fold;
mod sweep;
mod usage;
mod user_key;

pub use fold::FoldKey;
pub use sweep::Sweep;
pub(crate) use usage::MAX_EVICTED;
pub use usage::{Touch, TouchOutcome, Usage, UserLimit};
pub use user_key::UserKey;
