//! Time and randomness, which a host may bring itself.

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
