//! Stores clients: the trait to implement for your database, and the rules that decide when a client is a
//! duplicate, is evicted, or is swept.
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
//! 1. [`ClientStore`] is the trait. Each of its methods is one transaction.
//!    [`StoredClient::from_record`](crate::client::StoredClient::from_record) reads a row.
//! 2. [`Insertion`] is a new client with the conditions for storing it, and [`InsertOutcome`] is the result.
//!    Registrations that are duplicates of each other have the same [`DuplicateKey`].
//! 3. [`Usage`] says when a client was last used and by whom. [`Activity`] changes it.
//! 4. [`ClientUpdate`] is a change by the tenant's owner.
//! 5. [`Sweep`] removes clients that have been unused or idle for too long.
//!
//! [Writing a store](crate::guide::writing_a_store) is a tutorial. The feature `conformance` has a suite that
//! checks a store. The features `memory`, `sqlite` and `postgres` each contain a store that is ready to use.

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
