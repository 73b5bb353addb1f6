//! Random choices that a seed repeats.

use std::env;

use crate::{
    conformance::store::fixture::{broken, fail},
    system::{OsRandom, SecureRandom as _},
};

/// The SplitMix64 generator.
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.number().checked_rem(end).unwrap_or_default()
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

    /// Takes at most `count` of the items out, in any order.
    pub(super) fn take<T>(&mut self, items: &mut Vec<T>, count: usize) -> Vec<T> {
        let mut taken = Vec::new();
        for _ in 0..count.min(items.len()) {
            let end = u64::try_from(items.len()).unwrap_or(u64::MAX);
            let place = usize::try_from(self.below(end)).unwrap_or_default();
            taken.push(items.swap_remove(place));
        }
        taken
    }
}

/// The environment variable that repeats random calls.
pub(super) const SEED: &str = "OAUTH_DCR_CONFORMANCE_SEED";

/// The seed that the environment sets, or a new one.
pub(super) fn seed() -> u64 {
    env::var_os(SEED).map_or_else(new_seed, |set| parsed(&set.to_string_lossy()))
}

fn parsed(text: &str) -> u64 {
    text.parse().unwrap_or_else(|error| {
        broken(&format!(
            "{SEED} is a number of 64 bits, but is {text:?}: {error}"
        ))
    })
}

fn new_seed() -> u64 {
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
        let mut random = Random::new(1_234_567);
        let numbers = [(); 3].map(|()| random.number());
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
        ];
        assert_eq!(numbers, expected);
    }

    #[test]
    fn a_seed_is_a_number() {
        assert_eq!(parsed("18446744073709551615"), u64::MAX);
        let panic = std::panic::catch_unwind(|| parsed("a seed")).unwrap_err();
        let message = panic.downcast_ref::<String>().unwrap();
        let start = "OAUTH_DCR_CONFORMANCE_SEED is a number of 64 bits, but is \"a seed\"";
        assert!(message.starts_with(start), "{message}");
    }

    #[test]
    fn each_item_is_taken_once() {
        let mut random = Random::new(1);
        let mut items = vec![1, 2, 3, 4, 5];
        let mut taken = random.take(&mut items, 3);
        taken.extend(random.take(&mut items, 3));
        taken.sort_unstable();
        assert_eq!((taken, items), (vec![1, 2, 3, 4, 5], vec![]));
    }
}
