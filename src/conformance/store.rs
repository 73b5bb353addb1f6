//! The rules for every [`ClientStore`](crate::store::ClientStore). Each rule is a function.
//!
//! ```
//! # use oauth_dcr::MemoryStore;
//! # type MyStore = MemoryStore;
//! use oauth_dcr::conformance;
//!
//! #[tokio::main] // in your tests: #[tokio::test(flavor = "multi_thread")]
//! async fn main() {
//!     // All rules:
//!     conformance::client_store(MyStore::new()).await;
//!     // One rule, while you work on it:
//!     conformance::store::a_taken_id_is_never_overwritten(MyStore::new()).await;
//! }
//! ```
//!
//! [`client_store`](super::client_store) lists the rules. To write a store, start with the first rules,
//! [`a_taken_id_is_never_overwritten`] and [`racing_insertions_of_one_id_store_one`], and follow the order of the
//! list.
//!
//! Each rule uses its own tenants with fresh random names, so a database can be shared and reused. The rules
//! pass times to the store, and leave their clients behind.
//!
//! The rules about races and about callers that go away compare each outcome, and everything that is stored
//! afterwards, with a model of the contract. Their messages list the last calls of the tenant. Each of these
//! rules tries further cases for a few seconds, so it tries fewer cases on a slow back end.

mod abandoned;
mod audit;
mod bounds;
mod call;
mod clocks;
mod contract;
mod duplicates;
mod fields;
mod filling;
mod fixture;
mod generator;
mod histories;
mod insertion;
mod keys;
mod life;
mod limits;
mod log;
mod many;
mod many_at_once;
mod nodes;
mod nodes_agree;
mod pages;
mod prepared;
mod race;
mod races;
mod readers;
mod reports;
mod rules;
mod schedule;
mod sequences;
mod similar;
mod taken_away;
mod tenants;
mod text;
mod trial;
mod unreadable;
mod updates;
mod users;

pub use abandoned::*;
pub use bounds::*;
pub use clocks::*;
pub use duplicates::*;
pub use fields::*;
pub use histories::*;
pub use insertion::*;
pub use keys::*;
pub use life::*;
pub use limits::*;
pub use many::*;
pub use many_at_once::*;
pub use nodes_agree::*;
pub use pages::*;
pub use races::*;
pub use readers::*;
pub use sequences::*;
pub use similar::*;
pub use taken_away::*;
pub use tenants::*;
pub use unreadable::*;
pub use updates::*;
pub use users::*;

pub(super) use filling::fill;
pub(super) use nodes::{Node, Nodes};
pub(super) use rules::with_store_rules;
