//! The port to the database of clients, and the life of a client: when it is evicted or swept, and
//! which registrations are duplicates of each other.

mod activity;
mod client_store;
mod duplicate_key;
mod dyn_client_store;
mod insertion;
mod sweep;
mod update;
mod usage;
mod user_key;
mod user_limit;

pub use activity::{Activity, TouchOutcome};
pub use client_store::ClientStore;
pub use duplicate_key::DuplicateKey;
pub use insertion::{InsertOutcome, Insertion};
pub use sweep::Sweep;
pub use update::{BlockOutcome, ClientUpdate, RemoveOutcome, UpdateOutcome};
pub use usage::Usage;
pub use user_key::UserKey;
pub use user_limit::UserLimit;

pub(crate) use dyn_client_store::DynClientStore;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) use insertion::CertainOutcome;
pub(crate) use user_limit::MAX_EVICTED;
