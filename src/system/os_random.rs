use rand::{TryRng as _, rngs::SysRng};

use crate::system::{RandomError, SecureRandom};

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
