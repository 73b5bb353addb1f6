//! The outside world, behind traits: storage, tenants, rate, time, randomness, events.
//!
//! Each trait is written and implemented with plain `async fn` or a plain function. The crate boxes
//! them itself, so that no host type shows in [`Registrar`](crate::Registrar).

mod clock;
mod events;
mod geo;
mod initial_access;
mod limiter;
#[cfg(feature = "memory")]
mod local_limiter;
mod random;
mod rate_key;
mod store;
mod tenants;

pub use clock::{Clock, SystemClock};
pub use events::{Change, Event, EventSink, Removal};
pub use geo::{GeoSource, Location, LocationParts, NoGeo};
pub use initial_access::{InitialAccess, InitialAccessOutcome};
pub use limiter::RateLimiter;
#[cfg(feature = "memory")]
pub use local_limiter::LocalRateLimiter;
pub use random::{OsRandom, SecureRandom};
pub use rate_key::RateKey;
pub use store::{
    BlockOutcome, ClientStore, ClientUpdate, InsertOutcome, Insertion, RemoveOutcome, UpdateOutcome,
};
pub use tenants::{SingleTenant, TenantDirectory, TenantSelector, Tenants};

pub(crate) use initial_access::DynInitialAccess;
pub(crate) use limiter::{DynRateLimiter, default_limiter};
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) use store::CertainOutcome;
pub(crate) use store::DynClientStore;
pub(crate) use tenants::DynTenantDirectory;

/// What an async call of an object-safe twin gives back.
pub(crate) type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
