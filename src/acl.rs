//! The access control list: who may reach an endpoint at all.
//!
//! Rules are read from the JSON of the tenant ACL, or built in Rust, and checked once, when they
//! are loaded. Evaluating them is pure: signals in, verdict out.

mod advice;
mod codes;
mod conditions;
mod counts;
mod error;
mod evaluate;
mod explain;
mod forwarded;
mod json;
mod networks;
mod reading;
mod review;
mod rule;
mod signals;
mod tree;

pub use codes::{Asn, CountryCode, InvalidSignal, Ja3, Ja4, SubdivisionCode};
pub use conditions::{Conditions, Signal};
pub use counts::{AclReport, RuleReport};
pub use error::{AclError, AclFault};
pub use evaluate::{Acl, Decision, Monitored, Verdict};
pub use explain::{ConditionExplanation, Explanation, RuleExplanation, Standing};
pub use forwarded::{ClientAddress, ForwardedHeader, ProxyTrust};
pub(crate) use forwarded::{Peer, trimmed};
pub use networks::NetworkSet;
pub(crate) use networks::WrittenNetwork;
pub use reading::{EdgeSignal, Reading, UnknownReason, UnknownSignal};
pub use rule::{AclScope, Action, Endpoint, Rule};
pub use signals::Signals;
