//! The leeway for refresh tokens: how long a refresh token stays valid after it was replaced.

use std::fmt;

use serde::{
    Deserializer,
    de::{self, Unexpected, Visitor},
};

use crate::settings::SettingsFault;

/// The greatest leeway in seconds. With a longer leeway, a thief of a refresh token could use it unnoticed.
pub(crate) const GREATEST_LEEWAY_SECONDS: u8 = 60;

pub(super) fn check(seconds: u8) -> Result<(), SettingsFault> {
    let greatest = GREATEST_LEEWAY_SECONDS;
    if seconds > greatest {
        let greatest = greatest.into();
        return Err(SettingsFault::TooLarge { greatest });
    }
    Ok(())
}

/// Reads the leeway for refresh tokens. A number that is too large for the field's type is read as the
/// type's largest number, so that [`check`] refuses every number that is too large with the same message.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    deserializer.deserialize_any(Leeway)
}

struct Leeway;

impl Visitor<'_> for Leeway {
    type Value = u8;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from 0 to {GREATEST_LEEWAY_SECONDS}")
    }

    fn visit_u64<E>(self, seconds: u64) -> Result<u8, E> {
        Ok(u8::try_from(seconds).unwrap_or(u8::MAX))
    }

    fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<u8, E> {
        match u64::try_from(seconds) {
            Ok(seconds) => self.visit_u64(seconds),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(seconds), &self)),
        }
    }
}
