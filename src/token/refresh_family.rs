use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    envelope::{self, Envelope},
    token::GrantFault,
    types::Timestamp,
};

/// The state of a family of refresh tokens. A family is all refresh tokens that came from one consent, one after
/// another.
///
/// A rotation begins the next generation. A token of the current generation is valid. A token of the previous
/// generation is valid within the tenant's
/// [`refresh_token_leeway_seconds`](crate::TenantSettings::refresh_token_leeway_seconds) after the rotation, and is
/// exchanged for another token of the current generation. An older token ends the family: it was used before, by its
/// owner or by a thief (RFC 9700 section 4.14.2).
///
/// Store one state for each consent, beside its refresh tokens.
/// [`RefreshExchange::check`](crate::token::RefreshExchange::check) reads it, and
/// [`TokenDecision::refresh_family`](crate::token::TokenDecision::refresh_family) returns the state that replaces it.
/// It serialises with a checksum that is not a signature, like the [`RefreshBinding`](crate::token::RefreshBinding).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RefreshFamily(#[serde(with = "envelope")] Content);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    generation: u64,
    rotated_at: Option<Timestamp>,
    ended: bool,
}

/// The generation that a valid token belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// The current generation.
    Current,
    /// The previous generation, within the leeway.
    JustReplaced,
}

impl RefreshFamily {
    /// The state of a family in which no token was ever replaced.
    ///
    /// A decision returns this state with the first refresh token. Otherwise, use it only for refresh tokens that an
    /// older version issued, when families had no state: delete the tokens that were replaced, and store this state
    /// for each of the others. Treat a family whose state is lost as ended.
    pub const fn unrotated() -> Self {
        Self(Content {
            generation: 0,
            rotated_at: None,
            ended: false,
        })
    }

    /// The current generation. The first one is 0.
    ///
    /// It changes with every rotation, so a store can compare the generation and [`is_ended`](Self::is_ended)
    /// instead of the whole state.
    pub const fn generation(&self) -> u64 {
        self.0.generation
    }

    /// When the current generation began. `None` for the first generation.
    pub const fn rotated_at(&self) -> Option<Timestamp> {
        self.0.rotated_at
    }

    /// Whether all tokens of the family are invalid.
    pub const fn is_ended(&self) -> bool {
        self.0.ended
    }

    /// The family after a replay or a revocation.
    #[must_use]
    pub const fn ended(mut self) -> Self {
        self.0.ended = true;
        self
    }

    /// Whether a token of `generation` is valid at `now`.
    pub(super) fn standing(
        &self,
        generation: u64,
        now: Timestamp,
        leeway: Duration,
    ) -> Result<Standing, GrantFault> {
        if self.is_ended() {
            return Err(GrantFault::Ended);
        }
        match self.generation().checked_sub(generation) {
            Some(0) => Ok(Standing::Current),
            Some(1) if self.has_just_rotated(now, leeway) => Ok(Standing::JustReplaced),
            Some(_) => Err(GrantFault::Replayed),
            // The state is older than the token: it may come from a backup. This is no sign of a thief.
            None => Err(GrantFault::Unknown),
        }
    }

    /// The family with the next generation.
    pub(super) const fn rotated(self, now: Timestamp) -> Self {
        Self(Content {
            generation: self.0.generation.saturating_add(1),
            rotated_at: Some(now),
            ended: self.0.ended,
        })
    }

    /// Whether the last rotation is less than `leeway` away from `now`.
    ///
    /// The rotation may be a little in the future, because requests race for it and clocks differ. If a clock was set
    /// back by more than the leeway, the leeway is over. Otherwise it would last for as long as the clock is wrong.
    fn has_just_rotated(&self, now: Timestamp, leeway: Duration) -> bool {
        self.rotated_at().is_some_and(|rotated_at| {
            let since = now.saturating_since(rotated_at);
            let until = rotated_at.saturating_since(now);
            since.max(until) < leeway
        })
    }
}

impl Envelope for Content {
    const KIND: &'static str = "refresh_family";
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 1_800_000_000;
    const LEEWAY: Duration = Duration::from_secs(10);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds)
    }

    /// A family with the generations 0 to 2, last rotated at `START`.
    fn family() -> RefreshFamily {
        let first = RefreshFamily::unrotated();
        first.rotated(at(START - 100)).rotated(at(START))
    }

    #[test]
    fn the_previous_generation_is_valid_within_the_leeway() {
        let standing = |now| family().standing(1, now, LEEWAY);
        assert_eq!(standing(at(START)), Ok(Standing::JustReplaced));
        assert_eq!(standing(at(START + 9)), Ok(Standing::JustReplaced));
        assert_eq!(standing(at(START + 10)), Err(GrantFault::Replayed));
    }

    #[test]
    fn an_older_generation_is_always_a_replay() {
        let standing = family().standing(0, at(START), LEEWAY);
        assert_eq!(standing, Err(GrantFault::Replayed));
    }

    #[test]
    fn without_leeway_a_replaced_token_is_a_replay() {
        let standing = family().standing(1, at(START), Duration::ZERO);
        assert_eq!(standing, Err(GrantFault::Replayed));
    }

    #[test]
    fn the_current_generation_is_always_valid() {
        for now in [at(0), at(START), at(u64::MAX / 1000)] {
            let standing = family().standing(2, now, Duration::ZERO);
            assert_eq!(standing, Ok(Standing::Current));
        }
    }

    #[test]
    fn a_clock_that_steps_far_back_closes_the_leeway() {
        let standing = |now| family().standing(1, now, LEEWAY);
        assert_eq!(standing(at(START - 9)), Ok(Standing::JustReplaced));
        assert_eq!(standing(at(START - 10)), Err(GrantFault::Replayed));
        assert_eq!(standing(at(0)), Err(GrantFault::Replayed));
    }

    #[test]
    fn a_token_newer_than_the_state_ends_nothing() {
        let standing = family().standing(3, at(START), LEEWAY);
        assert_eq!(standing, Err(GrantFault::Unknown));
    }

    #[test]
    fn no_token_of_an_ended_family_is_valid() {
        for generation in 0..4 {
            let standing = family().ended().standing(generation, at(START), LEEWAY);
            assert_eq!(standing, Err(GrantFault::Ended));
        }
    }
}
