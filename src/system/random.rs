use std::{
    error::Error,
    fmt,
    sync::{Arc, Mutex},
};

use rand::{TryCryptoRng, TryRng as _, rngs::SysRng};

/// Where ids and secrets come from: a cryptographically secure source of random bytes.
///
/// One registration asks once.
///
/// [`OsRandom`] is the default, and [`SharedRng`] takes any cryptographically secure generator of [`rand`].
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
        SysRng.try_fill_bytes(out).map_err(RandomError::new)
    }
}

impl<R: SecureRandom> SecureRandom for Arc<R> {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        R::fill(self, out)
    }
}

/// Any cryptographically secure generator of [`rand`] as a [`SecureRandom`]: that of a hardware module, or a
/// seeded one in a test.
///
/// Its callers share one generator and take turns. A generator of `rand` is the only type of another crate
/// that a host hands to this one by its trait: the default randomness stands on `rand` too, so a program
/// that holds this crate holds `rand` in any case.
///
/// A generator that keeps its state in memory repeats itself after a fork, or when a snapshot of the machine
/// is started twice. Two clients then get the same secret. [`OsRandom`] does not have this problem.
///
/// ```
/// use oauth_dcr::{system::SharedRng, MemoryStore, Registrar};
/// use rand::{SeedableRng, rngs::StdRng};
///
/// // The same ids and secrets in each run: for tests only.
/// let registrar = Registrar::builder(MemoryStore::new())
///     .random(SharedRng::new(StdRng::seed_from_u64(1)))
///     .build()?;
/// # Ok::<(), oauth_dcr::settings::SettingsError>(())
/// ```
pub struct SharedRng<R>(Mutex<R>);

impl<R: TryCryptoRng> SharedRng<R> {
    /// Draws from `rng`.
    pub const fn new(rng: R) -> Self {
        Self(Mutex::new(rng))
    }
}

impl<R> SecureRandom for SharedRng<R>
where
    R: TryCryptoRng<Error: Error + Send + Sync> + Send + 'static,
{
    #[expect(clippy::disallowed_methods, reason = "the host chose this generator")]
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        // A generator that panicked may be left in a state from which it gives the same bytes again.
        let mut rng = self.0.lock().map_err(|_| RandomError::new(Panicked))?;
        rng.try_fill_bytes(out).map_err(RandomError::new)
    }
}

/// It shows nothing of the generator, whose state would tell the secrets to come.
impl<R> fmt::Debug for SharedRng<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedRng").finish_non_exhaustive()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the generator panicked before, and is not used again")]
struct Panicked;

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
