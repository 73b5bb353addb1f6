//! Visitors that say what was expected. Serde's own errors name Rust types, and serde accepts some forms that
//! the document does not have.

use std::fmt;

use serde::de::{self, MapAccess, SeqAccess, Unexpected, Visitor};

/// Visits an object. Serde's own visitors would also accept a list of the members' values without their names.
pub(super) struct Object<V>(pub(super) V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Object<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(members)
    }
}

/// Visits a list.
pub(super) struct List<V>(pub(super) V);

impl<'de, V: Visitor<'de>> Visitor<'de> for List<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(entries)
    }
}

/// Visits a whole number up to `max`. If 0 is not allowed, the inner visitor refuses it. The error does not
/// name Rust types, unlike serde's own errors.
pub(super) struct WholeNumber<V> {
    pub(super) inner: V,
    pub(super) max: u64,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for WholeNumber<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<V::Value, E> {
        let expected = match number {
            0 => "a number of at least 1".to_owned(),
            _ => format!("a number of at most {}", self.max),
        };
        let read = self.inner.visit_u64(number);
        read.map_err(|_: E| {
            let expected: &str = &expected;
            E::invalid_value(Unexpected::Unsigned(number), &expected)
        })
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<V::Value, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::invalid_value(
                Unexpected::Signed(number),
                &"a number that is not negative",
            )),
        }
    }
}

/// Visits one of these words.
pub(super) struct Word(pub(super) &'static [&'static str]);

impl Visitor<'_> for Word {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, word) in self.0.iter().enumerate() {
            let before = if at == 0 { "" } else { " or " };
            write!(f, "{before}\"{word}\"")?;
        }
        Ok(())
    }

    fn visit_str<E>(self, word: &str) -> Result<String, E> {
        Ok(word.to_owned())
    }
}
