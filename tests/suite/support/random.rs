//! Random input for tests that compare two implementations.

use std::env;

/// How many inputs are tried; `OAUTH_DCR_ACL_CASES` sets another number.
const CASES: usize = 200_000;

pub(crate) fn cases() -> usize {
    let wanted = env::var("OAUTH_DCR_ACL_CASES").ok();
    wanted.map_or(CASES, |text| text.parse().expect("a number"))
}

/// Random choices that are the same in every run (the SplitMix64 generator).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next_u64() % bound as u64).unwrap()
    }

    /// True in `percent` of 100 cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    pub(crate) fn some(&mut self, from: &[&'static str], percent: usize) -> Option<&'static str> {
        self.chance(percent).then(|| self.pick(from))
    }
}
