//! Records which members a document has, while the document is read.
//!
//! A preset sets only the members that the document omits. After reading, an omitted member looks like a
//! member with its default value. So the members are recorded during reading. The module `wording` has the
//! texts of errors.

use std::{cell::RefCell, collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeSeed, IntoDeserializer as _, MapAccess, SeqAccess, Visitor},
};

use crate::settings::wording::{List, Object, WholeNumber, Word};

/// The paths of the members that a document has, such as `registration.rate_limit.burst`. Members inside
/// lists are not recorded.
#[derive(Default)]
pub(super) struct PresentMembers(RefCell<HashSet<String>>);

impl PresentMembers {
    /// Reads from `deserializer` and records each member.
    pub(super) fn recording<D>(&self, deserializer: D) -> Reader<'_, D> {
        let place = Place {
            path: "",
            recorded_in: Some(self),
        };
        Reader {
            inner: deserializer,
            place,
        }
    }

    pub(super) fn contains(&self, path: &str) -> bool {
        self.0.borrow().contains(path)
    }
}

/// The place of a value in the document.
#[derive(Clone, Copy)]
struct Place<'a> {
    path: &'a str,
    /// `None` inside a list.
    recorded_in: Option<&'a PresentMembers>,
}

impl Place<'_> {
    const IN_LIST: Self = Self {
        path: "",
        recorded_in: None,
    };

    /// The path of the member `name` of the object at this place.
    fn member(self, name: &str) -> String {
        match self.path {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        }
    }
}

/// A value to read, or a seed or visitor for the value, with its place.
pub(super) struct Reader<'a, T> {
    inner: T,
    place: Place<'a>,
}

macro_rules! forward {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method(visitor)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Reader<'_, D> {
    type Error = D::Error;

    forward! {
        deserialize_any deserialize_ignored_any deserialize_identifier deserialize_map
        deserialize_bool deserialize_char deserialize_unit deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf deserialize_f32 deserialize_f64
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u16 deserialize_u128
    }

    fn deserialize_u8<V: Visitor<'de>>(self, inner: V) -> Result<V::Value, D::Error> {
        let max = u8::MAX.into();
        self.inner.deserialize_u8(WholeNumber { inner, max })
    }

    fn deserialize_u32<V: Visitor<'de>>(self, inner: V) -> Result<V::Value, D::Error> {
        let max = u32::MAX.into();
        self.inner.deserialize_u32(WholeNumber { inner, max })
    }

    fn deserialize_u64<V: Visitor<'de>>(self, inner: V) -> Result<V::Value, D::Error> {
        let max = u64::MAX;
        self.inner.deserialize_u64(WholeNumber { inner, max })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_option(Optional(Reader {
            inner: visitor,
            place: self.place,
        }))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let recorded = Recorded(Reader {
            inner: visitor,
            place: self.place,
        });
        self.inner
            .deserialize_struct(name, fields, Object(recorded))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_seq(List(Unrecorded(visitor)))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        // Every enum of the settings has only variants without data.
        let word = self.inner.deserialize_str(Word(words))?;
        visitor.visit_enum(word.into_deserializer())
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_newtype_struct(name, visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_unit_struct(name, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_tuple(len, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_tuple_struct(name, len, visitor)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Reader<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Reader {
            inner: deserializer,
            place: self.place,
        })
    }
}

/// Visits a value or `null`.
struct Optional<'a, V>(Reader<'a, V>);

impl<'de, V: Visitor<'de>> Visitor<'de> for Optional<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.inner.expecting(f)
    }

    fn visit_none<E: de::Error>(self) -> Result<V::Value, E> {
        self.0.inner.visit_none()
    }

    fn visit_unit<E: de::Error>(self) -> Result<V::Value, E> {
        self.0.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.0.inner.visit_some(Reader {
            inner: deserializer,
            place: self.0.place,
        })
    }
}

/// Visits an object whose members are recorded.
struct Recorded<'a, V>(Reader<'a, V>);

impl<'de, V: Visitor<'de>> Visitor<'de> for Recorded<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.inner.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        self.0.inner.visit_map(Members {
            inner: members,
            place: self.0.place,
            name: String::new(),
        })
    }
}

struct Members<'a, A> {
    inner: A,
    place: Place<'a>,
    /// The name of the member whose value comes next.
    name: String,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Members<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let name = &mut self.name;
        self.inner.next_key_seed(Name { seed, name })
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let path = self.place.member(&self.name);
        if let Some(PresentMembers(paths)) = self.place.recorded_in {
            paths.borrow_mut().insert(path.clone());
        }
        let place = Place {
            path: &path,
            ..self.place
        };
        self.inner.next_value_seed(Reader { inner: seed, place })
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

/// Reads the name of a member, and copies it to `name`.
struct Name<'a, S> {
    seed: S,
    name: &'a mut String,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Name<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        *self.name = String::deserialize(deserializer)?;
        self.seed
            .deserialize(self.name.as_str().into_deserializer())
    }
}

/// Visits a list whose entries are not recorded.
struct Unrecorded<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Unrecorded<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Entries(entries))
    }
}

struct Entries<A>(A);

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Entries<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Reader {
            inner: seed,
            place: Place::IN_LIST,
        })
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}
