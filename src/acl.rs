//! The access control list: rules that decide which requests reach an endpoint, by address, country,
//! network, fingerprint, user agent and host.
//!
//! ```
//! use oauth_dcr::{
//!     acl::{Acl, Decision, Endpoint, Signals},
//!     Timestamp,
//! };
//!
//! let acl = Acl::from_json(r#"[{
//!     "description": "block one network", "active": true, "priority": 1,
//!     "rule": {
//!         "action": {"block": true},
//!         "match": {"ipv4_cidrs": ["198.51.100.0/24"]},
//!         "scope": "dcr"
//!     }
//! }]"#)?;
//!
//! let signals = Signals::from_peer("198.51.100.7".parse()?);
//! let verdict = acl.evaluate(Endpoint::Registration, &signals, Timestamp::from_unix_seconds(0));
//! assert_eq!(verdict.decision, Decision::Block);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! 1. [`Acl`] is a list of rules, read from the JSON of the tenant ACL or built from [`Rule`]s. It is checked
//!    once, when it is loaded. [`AclError`] names the rule, the field and the position of a fault.
//! 2. [`Signals`] describes one request. A signal that can't be read is unknown, and a rule that needs it
//!    refuses the request. [`ProxyTrust`] finds the client's address behind proxies.
//! 3. [`Verdict`] has the [`Decision`] and the rule that made it.
//! 4. [`Explanation`] shows how each rule was evaluated, and [`AclReport`] counts how often each rule matched.
//!
//! Evaluation has no side effects other than these counts. [The guide](crate::guide::access_control) describes
//! the JSON and has recipes.

mod access_list;
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
mod values;
mod verdict;

pub use access_list::Acl;
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
