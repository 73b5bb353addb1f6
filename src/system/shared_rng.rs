use std::{error::Error, fmt, sync::Mutex};

use rand::TryCryptoRng;

use crate::system::{RandomError, SecureRandom};

/// Any cryptographically secure generator of [`rand`] as a [`SecureRandom`], such as the generator of a
/// hardware module, or a seeded generator in a test.
///
/// All callers share the generator behind a mutex. `rand` is a public dependency of this crate, because
/// the default randomness uses it too.
///
/// A generator that keeps its state in memory repeats its output after a fork, or when a snapshot of the
/// machine is started twice. Two clients then get the same secret. [`OsRandom`](crate::system::OsRandom)
/// does not have this problem.
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
    /// A source that draws its bytes from `rng`.
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
        // After a panic, the state of the generator may be such that it repeats the same bytes.
        let mut rng = self.0.lock().map_err(|_| RandomError::new(Panicked))?;
        rng.try_fill_bytes(out).map_err(RandomError::new)
    }
}

/// Shows nothing of the generator, because its state would reveal future secrets.
impl<R> fmt::Debug for SharedRng<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedRng").finish_non_exhaustive()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the generator panicked before and cannot be used again")]
struct Panicked;
