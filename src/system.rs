//! The clock and the source of randomness. Both have defaults, and a host can replace them.
//!
//! ```
//! use std::time::Duration;
//!
//! use oauth_dcr::{system::Clock, MemoryStore, Registrar, Timestamp};
//!
//! /// A clock that stands still, for tests.
//! struct Noon;
//!
//! impl Clock for Noon {
//!     fn now(&self) -> Timestamp {
//!         Timestamp::from_unix_seconds(43_200)
//!     }
//!
//!     fn monotonic(&self) -> Duration {
//!         Duration::ZERO
//!     }
//! }
//!
//! let registrar = Registrar::builder(MemoryStore::new()).clock(Noon).build()?;
//! # let _ = registrar;
//! # Ok::<(), oauth_dcr::settings::SettingsError>(())
//! ```
//!
//! 1. [`Clock`] is the trait for time, and [`SystemClock`] is the default.
//! 2. [`SecureRandom`] is the trait for randomness, and [`OsRandom`] is the default: the generator of the
//!    operating system. A source can fail with [`RandomError`].
//! 3. [`SharedRng`] makes a source from any cryptographically secure generator of the crate `rand`.

mod clock;
mod os_random;
mod random_error;
mod secure_random;
mod shared_rng;

pub use clock::{Clock, SystemClock};
pub use os_random::OsRandom;
pub use random_error::RandomError;
pub use secure_random::SecureRandom;
pub use shared_rng::SharedRng;
