//! Where clients are kept: the trait to implement for your database, and the rules for when a client
//! is a duplicate, is evicted, or is swept.
//!
//! ```
//! use std::num::NonZeroU64;
//!
//! use oauth_dcr::{
//!     settings::SettingsError, store::ClientStore, MemoryStore, Registrar, TenantSettings,
//! };
//!
//! /// Works with any store.
//! fn registrar(store: impl ClientStore) -> Result<Registrar, SettingsError> {
//!     let mut tenant = TenantSettings::new().enabled();
//!     tenant.registration.max_clients = NonZeroU64::new(100_000);
//!     tenant.registration.fold_identical = true;
//!     Registrar::builder(store).tenant(tenant).build()
//! }
//!
//! registrar(MemoryStore::new())?;
//! # Ok::<(), SettingsError>(())
//! ```
//!
//! 1. [`ClientStore`] is the trait. Each of its methods is one transaction. A row is read by
//!    [`StoredClient::from_record`](crate::client::StoredClient::from_record).
//! 2. [`Insertion`] is a new client with its conditions, and [`InsertOutcome`] what became of it.
//!    [`DuplicateKey`] is the same for registrations that are duplicates of each other.
//! 3. [`Usage`] says when a client was last used and by whom. [`Activity`] changes it.
//! 4. [`ClientUpdate`] is a change by the tenant's owner.
//! 5. [`Sweep`] removes clients that are unused or idle for too long.
//!
//! [Writing a store](crate::guide::writing_a_store) takes you through it, and the feature `conformance` has a
//! suite that checks a store. The features `memory`, `sqlite` and `postgres` have stores that are ready.

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
