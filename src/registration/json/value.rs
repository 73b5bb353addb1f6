//! Reads one JSON value, limited in depth, and keeps only the needed parts.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::registration::json::stopped::Stopped;

/// The largest number of nested levels in a request. The outermost object is the first level.
const MAX_DEPTH: usize = 32;

/// Members of a JSON Web Key that are private or symmetric key material (RFC 7518 section 6, and
/// `priv` of the algorithm key pairs).
const PRIVATE_KEY_MEMBERS: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// The expected shape of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One string.
    Text,
    /// A list of strings.
    Texts,
    /// A JSON Web Key Set, a single key or a list of keys, which is searched for private keys.
    KeySet,
    /// The list of keys in a set.
    Keys,
    /// A key in the list.
    Key,
    /// Any value, which is ignored.
    Anything,
}

/// The result of reading a value with a [`Shape`].
pub(super) enum Value {
    Null,
    Text(String),
    /// The strings of a list, or the position of the first value that is not a string.
    Texts(Result<Vec<String>, usize>),
    PrivateKey,
    Other,
}

/// Reads any JSON value, limited in depth, and keeps only the parts that `shape` needs.
pub(super) struct ValueReader<'a> {
    shape: Shape,
    depth: usize,
    stopped: &'a mut Option<Stopped>,
}

impl<'a> ValueReader<'a> {
    /// A reader for the value of a member of the outermost object. If it stops at well-formed JSON, it writes
    /// the reason to `stopped`.
    pub(super) fn of_member(shape: Shape, stopped: &'a mut Option<Stopped>) -> Self {
        Self {
            shape,
            depth: 2,
            stopped,
        }
    }

    fn nested(&mut self, shape: Shape) -> ValueReader<'_> {
        ValueReader {
            shape,
            depth: self.depth.saturating_add(1),
            stopped: self.stopped,
        }
    }

    fn check_depth<E: Error>(&mut self) -> Result<(), E> {
        if self.depth <= MAX_DEPTH {
            return Ok(());
        }
        *self.stopped = Some(Stopped::TooDeep);
        Err(E::custom("nests too deeply"))
    }
}

impl<'de> DeserializeSeed<'de> for ValueReader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueReader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(if self.shape == Shape::Text {
            Value::Text(text.to_owned())
        } else {
            Value::Other
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut values: A) -> Result<Value, A::Error> {
        self.check_depth()?;
        if self.shape == Shape::Texts {
            return self.read_texts(values);
        }
        let is_list_of_keys = matches!(self.shape, Shape::KeySet | Shape::Keys);
        let shape = if is_list_of_keys {
            Shape::Key
        } else {
            Shape::Anything
        };
        let mut found = Value::Other;
        while let Some(value) = values.next_element_seed(self.nested(shape))? {
            if matches!(value, Value::PrivateKey) {
                found = value;
            }
        }
        Ok(found)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        self.check_depth()?;
        let mut found = Value::Other;
        while let Some(name) = members.next_key_seed(KeyMemberReader)? {
            let shape = match (self.shape, &name) {
                (Shape::KeySet, KeyMember::Keys) => Shape::Keys,
                _ => Shape::Anything,
            };
            let is_key = matches!(self.shape, Shape::KeySet | Shape::Key);
            let value = members.next_value_seed(self.nested(shape))?;
            match (name, value) {
                (_, Value::PrivateKey) => found = Value::PrivateKey,
                (KeyMember::Private, value) if is_key && !matches!(value, Value::Null) => {
                    found = Value::PrivateKey;
                }
                _ => {}
            }
        }
        Ok(found)
    }
}

impl ValueReader<'_> {
    fn read_texts<'de, A: SeqAccess<'de>>(mut self, mut values: A) -> Result<Value, A::Error> {
        let mut texts = Ok(Vec::new());
        let mut index = 0_usize;
        while let Some(value) = values.next_element_seed(self.nested(Shape::Text))? {
            match (&mut texts, value) {
                (Ok(texts), Value::Text(text)) => texts.push(text),
                (Ok(_), _) => texts = Err(index),
                (Err(_), _) => {}
            }
            index = index.saturating_add(1);
        }
        Ok(Value::Texts(texts))
    }
}

/// The name of a member in a key set or a key.
enum KeyMember {
    Keys,
    Private,
    Other,
}

struct KeyMemberReader;

impl<'de> DeserializeSeed<'de> for KeyMemberReader {
    type Value = KeyMember;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<KeyMember, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyMemberReader {
    type Value = KeyMember;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_str<E>(self, name: &str) -> Result<KeyMember, E> {
        Ok(match name {
            "keys" => KeyMember::Keys,
            name if PRIVATE_KEY_MEMBERS.contains(&name) => KeyMember::Private,
            _ => KeyMember::Other,
        })
    }
}
