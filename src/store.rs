//! The port to the database of clients, and the life of a client: when it is evicted or swept, and
//! which registrations are duplicates of each other.

mod client_store;
mod duplicate_key;
mod dynamic;
mod insertion;
mod sweep;
mod update;
mod usage;
mod user_key;

pub use client_store::ClientStore;
pub use duplicate_key::DuplicateKey;
pub use insertion::{InsertOutcome, Insertion};
pub use sweep::Sweep;
pub use update::{BlockOutcome, ClientUpdate, RemoveOutcome, UpdateOutcome};
pub use usage::{Activity, TouchOutcome, Usage, UserLimit};
pub use user_key::UserKey;

pub(crate) use dynamic::DynClientStore;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) use insertion::CertainOutcome;
pub(crate) use usage::MAX_EVICTED;
