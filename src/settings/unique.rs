//! A map of the entries of a list by their keys, without ambiguous entries.

use std::{collections::HashMap, hash::Hash};

/// Entries by their keys. If several entries have the same key, none of them is used: the key has `None`.
pub(crate) type Unique<K, T> = HashMap<K, Option<T>>;

pub(crate) fn unique<K: Eq + Hash, T>(entries: impl Iterator<Item = (K, T)>) -> Unique<K, T> {
    let mut unique = HashMap::new();
    for (key, entry) in entries {
        let known = unique.entry(key).and_modify(|known| *known = None);
        known.or_insert(Some(entry));
    }
    unique
}
