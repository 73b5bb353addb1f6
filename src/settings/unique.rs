//! Entries of a list by their keys.

use std::{collections::HashMap, hash::Hash};

/// Entries by their keys. Of two entries with one key neither is believed: that key has `None`.
pub(crate) type Unique<K, T> = HashMap<K, Option<T>>;

pub(crate) fn unique<K: Eq + Hash, T>(entries: impl Iterator<Item = (K, T)>) -> Unique<K, T> {
    let mut unique = HashMap::new();
    for (key, entry) in entries {
        let known = unique.entry(key).and_modify(|known| *known = None);
        known.or_insert(Some(entry));
    }
    unique
}
