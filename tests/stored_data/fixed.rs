//! Time and randomness that are the same in every run.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use oauth_dcr::{
    Timestamp,
    system::{Clock, RandomError, SecureRandom},
};

/// The time at which everything is written and read.
pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

#[derive(Debug)]
pub(crate) struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

/// The generator SplitMix64.
#[derive(Debug, Default)]
pub(crate) struct FixedRandom(AtomicU64);

impl SecureRandom for FixedRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        for chunk in out.chunks_mut(8) {
            let mut bits = self.0.fetch_add(STEP, Ordering::Relaxed);
            bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let bytes = (bits ^ (bits >> 31)).to_be_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
        Ok(())
    }
}
