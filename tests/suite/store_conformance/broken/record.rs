//! Records as texts of JSON, of which a member is changed and everything else stays to the byte.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// The members of an object, and their values as they are written.
pub(super) fn members(object: &str) -> BTreeMap<String, String> {
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(object).unwrap();
    let texts = members.into_iter();
    texts
        .map(|(name, value)| (name, value.get().to_owned()))
        .collect()
}

pub(super) fn member(object: &str, name: &str) -> Option<String> {
    members(object).remove(name)
}

/// The object without a member. It has members before this one.
pub(super) fn without(object: &str, name: &str) -> String {
    let written = |value| format!(",\"{name}\":{value}");
    member(object, name).map_or(object.to_owned(), |value| {
        object.replacen(&written(value), "", 1)
    })
}

/// The object with a member more.
pub(super) fn with(object: &str, name: &str, value: &str) -> String {
    object.replacen('{', &format!("{{\"{name}\":{value},"), 1)
}

/// The object with another value of a member, if it has the member.
pub(super) fn edited(object: &str, name: &str, edit: impl FnOnce(&str) -> String) -> String {
    let written = |value: &str| format!("\"{name}\":{value}");
    member(object, name).map_or(object.to_owned(), |value| {
        object.replacen(&written(&value), &written(&edit(&value)), 1)
    })
}

/// The object with those members of `old` that it lacks.
pub(super) fn merged(old: &str, new: String) -> String {
    let has = members(&new);
    let lacks = members(old)
        .into_iter()
        .filter(|(name, _)| !has.contains_key(name));
    lacks.fold(new, |new, (name, value)| with(&new, &name, &value))
}
