use std::{error::Error, sync::Arc};

/// Where ids and secrets come from: a cryptographically secure source of random bytes.
///
/// One registration asks once.
pub trait SecureRandom: Send + Sync + 'static {
    /// Fills `out` with random bytes.
    ///
    /// # Errors
    /// [`RandomError`] if there are none to be had; `out` must then not be used.
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError>;
}

/// The generator of the operating system, asked each time: nothing is held in memory that a fork,
/// a snapshot or a core dump could give away.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandom;

impl SecureRandom for OsRandom {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        getrandom::fill(out).map_err(RandomError::new)
    }
}

impl<R: SecureRandom> SecureRandom for Arc<R> {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        R::fill(self, out)
    }
}

/// The source of random bytes failed.
#[derive(Debug, thiserror::Error)]
#[error("no random bytes to be had")]
pub struct RandomError(#[source] Box<dyn Error + Send + Sync>);

impl RandomError {
    /// A failure caused by `source`.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}
