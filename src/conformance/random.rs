//! Random choices that a seed can repeat, and fresh tenants that no other check uses.

#![expect(clippy::panic, reason = "a suite that cannot start panics")]

use std::{env, ffi::OsStr};

use crate::{
    system::{OsRandom, SecureRandom as _},
    types::TenantId,
};

/// The SplitMix64 generator.
pub(in crate::conformance) struct Random(u64);

impl Random {
    pub(in crate::conformance) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(in crate::conformance) const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(in crate::conformance) fn below(&mut self, end: u64) -> u64 {
        self.number().checked_rem(end).unwrap_or_default()
    }

    /// Returns true in `percent` of 100 cases.
    pub(in crate::conformance) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Picks one of `choices`.
    pub(in crate::conformance) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        let end = u64::try_from(choices.len()).unwrap_or_default();
        let index = usize::try_from(self.below(end)).unwrap_or_default();
        match choices.get(index) {
            Some(choice) => *choice,
            None => panic!("there are no choices"),
        }
    }

    /// Removes at most `count` random items from the list.
    pub(in crate::conformance) fn take<T>(&mut self, items: &mut Vec<T>, count: usize) -> Vec<T> {
        let mut taken = Vec::new();
        for _ in 0..count.min(items.len()) {
            let end = u64::try_from(items.len()).unwrap_or(u64::MAX);
            let index = usize::try_from(self.below(end)).unwrap_or_default();
            taken.push(items.swap_remove(index));
        }
        taken
    }
}

/// The environment variable that sets the seed of random calls.
pub(in crate::conformance) const SEED: &str = "OAUTH_DCR_CONFORMANCE_SEED";

/// The seed from the environment variable, or a new seed.
///
/// # Panics
/// If the environment variable is not a seed.
pub(in crate::conformance) fn seed() -> u64 {
    env::var_os(SEED).map_or_else(
        || u64::from_le_bytes(random_bytes()),
        |text| parsed_seed(&text),
    )
}

/// Checks the environment variable, before a suite starts.
///
/// # Panics
/// If the environment variable is not a seed.
pub(in crate::conformance) fn verify_seed() {
    let _ = seed();
}

fn parsed_seed(text: &OsStr) -> u64 {
    match text.to_str().and_then(|digits| digits.parse().ok()) {
        Some(seed) => seed,
        None => panic!(
            "the environment variable {SEED} must be a whole number below 2^64, not `{}`",
            text.display()
        ),
    }
}

/// A tenant that no other check uses.
pub(in crate::conformance) fn fresh_tenant() -> TenantId {
    fresh_tenant_of(0)
}

/// A tenant that no other check uses, with an id of at least `length` characters.
pub(in crate::conformance) fn fresh_tenant_of(length: usize) -> TenantId {
    let id = format!("conformance-{:032x}", u128::from_le_bytes(random_bytes()));
    TenantId::parse(&format!("{id:z<length$}"))
        .unwrap_or_else(|error| panic!("`{id}` cannot name a tenant: {error}"))
}

fn random_bytes<const COUNT: usize>() -> [u8; COUNT] {
    let mut bytes = [0; COUNT];
    let filled = OsRandom.fill(&mut bytes);
    filled.unwrap_or_else(|error| panic!("no random bytes: {error:?}"));
    bytes
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
    fn a_seed_is_a_whole_number() {
        assert_eq!(parsed_seed("18446744073709551615".as_ref()), u64::MAX);
    }

    #[test]
    #[should_panic(expected = "OAUTH_DCR_CONFORMANCE_SEED must be a whole number")]
    fn a_seed_that_is_not_a_number_is_refused() {
        parsed_seed("0x17".as_ref());
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
