use rand::{TryRng as _, rngs::SysRng};

use crate::system::{RandomError, SecureRandom};

/// The random generator of the operating system.
///
/// Each call asks the operating system. No state is kept in memory that a fork, a snapshot or a core
/// dump could expose.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandom;

impl SecureRandom for OsRandom {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        SysRng.try_fill_bytes(out).map_err(RandomError::new)
    }
}
