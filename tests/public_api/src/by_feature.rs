//! Which feature brings in which items.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    description::{describe, metadata},
    lines::lines,
};

/// The name for the items that need no feature.
pub const WITHOUT_FEATURES: &str = "without_features";

/// The name for the items that need more than one feature.
const SEVERAL: &str = "with_several_features";

/// The lines that each feature of the crate adds, by its name. A feature that includes another one lists
/// only what it adds to it. A feature that adds nothing has no entry.
///
/// # Panics
///
/// If the crate cannot be described, or if a feature takes an item away.
#[must_use]
pub fn lines_by_feature() -> BTreeMap<String, Vec<String>> {
    let features = features();
    let alone = features.iter().map(|it| (it.clone(), lines(&describe(it))));
    let alone = alone.collect();
    let without = lines(&describe(""));
    let all = lines(&describe(&features.join(",")));
    added(without, &alone, &all)
}

fn features() -> Vec<String> {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    let package = packages.iter().find(|it| it["name"] == "oauth-dcr");
    let features = package.expect("the crate is a member")["features"].as_object();
    let names = features.expect("features").keys().cloned();
    names.filter(|it| it != "default").collect()
}

/// The lines that need no feature, those with each feature alone, and those with all features.
fn added(
    without: Vec<String>,
    alone: &BTreeMap<String, Vec<String>>,
    all: &[String],
) -> BTreeMap<String, Vec<String>> {
    let sets: BTreeMap<_, _> = alone.iter().map(|(name, it)| (name, set(it))).collect();
    let core = set(&without);
    let mut found = BTreeMap::new();
    for (name, lines) in alone {
        let own = &sets[name];
        let parts = sets.values().filter(|it| it.is_subset(own) && *it != own);
        let mut known: BTreeSet<_> = parts.flatten().copied().collect();
        known.extend(&core);
        found.insert(name.clone(), except(lines, &known));
    }
    let mut known: BTreeSet<_> = sets.values().flatten().copied().collect();
    known.extend(&core);
    let taken_away = except(known.iter().copied(), &set(all));
    assert!(
        taken_away.is_empty(),
        "features take items away: {taken_away:#?}"
    );
    found.insert(SEVERAL.to_owned(), except(all, &known));
    found.insert(WITHOUT_FEATURES.to_owned(), without);
    found.retain(|_, lines| !lines.is_empty());
    found
}

fn set(lines: &[String]) -> BTreeSet<&String> {
    lines.iter().collect()
}

fn except<'a>(
    lines: impl IntoIterator<Item = &'a String>,
    known: &BTreeSet<&String>,
) -> Vec<String> {
    let lines = lines.into_iter().filter(|it| !known.contains(it));
    lines.cloned().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::added;

    fn lines(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn by_name(features: &[(&str, &str)]) -> BTreeMap<String, Vec<String>> {
        let entries = features.iter();
        let entries = entries.map(|(name, text)| ((*name).to_owned(), lines(text)));
        entries.collect()
    }

    #[test]
    fn each_feature_lists_what_it_adds() {
        let alone = by_name(&[("inner", "a b c"), ("outer", "a b c d"), ("silent", "a b")]);
        let found = added(lines("a b"), &alone, &lines("a b c d e"));
        let expected = by_name(&[
            ("inner", "c"),
            ("outer", "d"),
            ("with_several_features", "e"),
            ("without_features", "a b"),
        ]);
        assert_eq!(found, expected);
    }

    #[test]
    #[should_panic = "features take items away"]
    fn a_feature_that_takes_an_item_away_is_refused() {
        let alone = by_name(&[("narrow", "a")]);
        added(lines("a b"), &alone, &lines("a"));
    }
}
