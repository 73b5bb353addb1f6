//! Time and randomness, which a host may bring itself.

mod clock;
mod random;

pub use clock::{Clock, SystemClock};
pub use random::{OsRandom, RandomError, SecureRandom, SharedRng};
