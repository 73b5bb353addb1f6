//! The lists of rules leave none out.

#[path = "../../../src/conformance/clocked_limiter/rules.rs"]
mod clocked_rules;

use std::{collections::BTreeSet, fs, path::Path};

use clocked_rules::with_clocked_limiter_rules;

macro_rules! listed {
    ($($rule:ident: $demand:literal;)*) => {
        [$(stringify!($rule)),*]
    };
}

#[test]
fn the_suite_with_a_clock_leaves_no_rule_out() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/conformance/clocked_limiter");
    let files = fs::read_dir(sources).unwrap();
    let texts: Vec<_> = files
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    let written: BTreeSet<_> = texts
        .iter()
        .flat_map(|text| text.split("\npub async fn ").skip(1))
        .filter_map(|rest| rest.split_once('(').map(|(name, _)| name))
        .collect();
    let listed = with_clocked_limiter_rules!(listed!);
    assert!(listed.len() > 5, "{listed:?}");
    assert_eq!(BTreeSet::from(listed), written);
}
