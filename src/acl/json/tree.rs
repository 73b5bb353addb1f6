//! JSON as it was written: the members keep their order and their duplicates.

use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};

use crate::acl::{AclError, AclFault};

/// Any JSON value.
#[derive(Debug)]
pub(super) enum Tree {
    Null,
    Bool(bool),
    /// A natural number, or `None` for any other number.
    Number(Option<u64>),
    Text(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Number(Some(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Number(u64::try_from(value).ok()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Tree, E> {
        Ok(Tree::Number(None))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Tree, E> {
        Ok(Tree::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = values.next_element()? {
            list.push(value);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Tree, A::Error> {
        let mut object = Vec::new();
        while let Some((name, value)) = members.next_entry()? {
            object.push((name, value));
        }
        Ok(Tree::Object(object))
    }
}

pub(super) type Members = Vec<(String, Tree)>;

pub(super) fn object(tree: Tree) -> Result<Members, AclError> {
    match tree {
        Tree::Object(members) => match repeated(&members) {
            Some(name) => Err(AclError::new(shown(name), AclFault::RepeatedField)),
            None => Ok(members),
        },
        _ => Err(AclError::new("", AclFault::WrongType)),
    }
}

/// The name in an error message. An empty name is quoted, because an error without a name is about the
/// object itself.
pub(super) fn shown(name: &str) -> &str {
    if name.is_empty() { "\"\"" } else { name }
}

/// The first duplicate name. Duplicates are refused, because parsers differ in which member they use.
fn repeated(members: &Members) -> Option<&str> {
    let mut known = HashSet::new();
    let mut names = members.iter().map(|(name, _)| name.as_str());
    names.find(|name| !known.insert(*name))
}

pub(super) fn text(tree: Tree, name: &str) -> Result<String, AclError> {
    match tree {
        Tree::Text(text) => Ok(text),
        _ => Err(AclError::new(name, AclFault::WrongType)),
    }
}

pub(super) fn flag(tree: &Tree, name: &str) -> Result<bool, AclError> {
    match tree {
        Tree::Bool(value) => Ok(*value),
        _ => Err(AclError::new(name, AclFault::WrongType)),
    }
}

pub(super) fn number(tree: &Tree, name: &str) -> Result<u32, AclError> {
    let Tree::Number(number) = tree else {
        return Err(AclError::new(name, AclFault::WrongType));
    };
    let number = number.and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| AclError::new(name, AclFault::Malformed))
}
