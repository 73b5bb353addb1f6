use std::sync::Arc;

use crate::system::RandomError;

/// Where ids and secrets come from: a cryptographically secure source of random bytes.
///
/// One registration asks once.
///
/// [`OsRandom`](crate::system::OsRandom) is the default, and [`SharedRng`](crate::system::SharedRng) takes any
/// cryptographically secure generator of [`rand`].
pub trait SecureRandom: Send + Sync + 'static {
    /// Fills `out` with random bytes.
    ///
    /// # Errors
    /// [`RandomError`] if no random bytes are available; `out` must then not be used.
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError>;
}

impl<R: SecureRandom> SecureRandom for Arc<R> {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        R::fill(self, out)
    }
}
