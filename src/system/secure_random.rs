use std::sync::Arc;

use crate::system::RandomError;

/// A cryptographically secure source of random bytes, from which ids and secrets are made.
///
/// A registration asks the source once.
///
/// [`OsRandom`](crate::system::OsRandom) is the default, and [`SharedRng`](crate::system::SharedRng) adapts any
/// cryptographically secure generator of [`rand`].
pub trait SecureRandom: Send + Sync + 'static {
    /// Fills `out` with random bytes.
    ///
    /// # Errors
    /// [`RandomError`] if no random bytes are available. `out` must not be used then.
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError>;
}

impl<R: SecureRandom> SecureRandom for Arc<R> {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        R::fill(self, out)
    }
}
