//! Random choices that a seed repeats.

use crate::{
    conformance::store::fixture::fail,
    system::{OsRandom, SecureRandom as _},
};

/// The SplitMix64 generator.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.roll().checked_rem(end).unwrap_or_default()
    }

    /// True so many times in a hundred.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of `choices`.
    pub(super) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        let end = u64::try_from(choices.len()).unwrap_or_default();
        let place = usize::try_from(self.below(end)).unwrap_or_default();
        let Some(choice) = choices.get(place) else {
            fail("there is a choice", &place)
        };
        *choice
    }
}

/// A seed that nobody has used.
pub(super) fn seed() -> u64 {
    let mut random = [0; 8];
    let filled = OsRandom.fill(&mut random);
    filled.unwrap_or_else(|error| fail("there is randomness", &error));
    u64::from_le_bytes(random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_numbers() {
        // The first numbers of the reference implementation.
        let mut dice = Dice::new(1_234_567);
        let numbers = [(); 3].map(|()| dice.roll());
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
        ];
        assert_eq!(numbers, expected);
    }
}
