//! The access control list: who may reach an endpoint at all.
//!
//! Rules are read from the JSON of the tenant ACL, or built in Rust, and checked once, when they
//! are loaded. Evaluating them is pure: signals in, verdict out.

mod action;
mod asn;
mod condition;
mod conditions;
mod country;
mod counts;
mod error;
mod explain;
mod fault;
mod fingerprint;
mod hop_address;
mod hops;
mod json;
mod list;
mod listed;
mod networks;
mod proxy_trust;
mod reading;
mod review;
mod rule;
mod scope;
mod signal;
mod signals;
mod subdivision;
mod truth;
mod verdict;

pub use action::Action;
pub use asn::Asn;
pub use conditions::Conditions;
pub use country::CountryCode;
pub use counts::{AclReport, RuleReport};
pub use error::AclError;
pub use explain::{ConditionExplanation, Explanation, RuleExplanation, Standing};
pub use fault::AclFault;
pub use fingerprint::{Ja3, Ja4};
pub(crate) use hops::trimmed;
pub use list::Acl;
pub use networks::NetworkSet;
pub(crate) use networks::WrittenNetwork;
pub(crate) use proxy_trust::Peer;
pub use proxy_trust::{ClientAddress, ForwardedHeader, ProxyTrust};
pub use reading::{Reading, UnknownReason, UnknownSignal};
pub use rule::Rule;
pub use scope::{AclScope, Endpoint};
pub use signal::{EdgeSignal, InvalidSignal, Signal};
pub use signals::Signals;
pub use subdivision::SubdivisionCode;
pub use verdict::{Decision, Monitored, Verdict};
