//! Each store runs through each rule of the suite, and broken stores fail it.

mod broken;
mod example;
#[path = "../../src/conformance/limiter/rules.rs"]
mod limiter_rules;
mod model;
#[path = "../../src/conformance/store/rules.rs"]
mod store_rules;

use std::{collections::BTreeSet, fs, path::Path};

use limiter_rules::with_limiter_rules;
use oauth_dcr::{MemoryStore, conformance};
use store_rules::with_store_rules;

/// A module of tests, one for each rule, for the store that an expression makes.
macro_rules! conforms {
    ($name:ident, $store:expr; $($rule:ident: $demand:literal;)*) => {
        mod $name {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $rule() {
                    conformance::store::$rule($store).await;
                }
            )*
        }
    };
}

with_store_rules!(conforms!(memory, MemoryStore::new();));
with_store_rules!(conforms!(example_store, example::MyStore::default();));

#[tokio::test(flavor = "multi_thread")]
async fn rules_can_be_repeated_on_one_store() {
    let store = MemoryStore::new();
    for _ in 0..2 {
        conformance::client_store(store.clone()).await;
    }
}

#[tokio::test]
async fn the_suite_runs_on_one_thread() {
    conformance::client_store(MemoryStore::new()).await;
}

/// The names in `text` between `before` and `after`.
fn names(text: &str, before: &str, after: &str) -> BTreeSet<String> {
    let rest = text.split(before).skip(1);
    let found = rest.filter_map(|rest| rest.split_once(after).map(|(name, _)| name.to_owned()));
    found.collect()
}

/// The rules in the sources of a suite.
fn written_rules(suite: &str) -> BTreeSet<String> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/conformance");
    let files = fs::read_dir(sources.join(suite)).unwrap();
    let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let rules = texts.flat_map(|text| names(&text, "\npub async fn ", "("));
    rules.collect()
}

macro_rules! listed {
    ($($rule:ident: $demand:literal;)*) => {
        [$(stringify!($rule).to_owned()),*]
    };
}

#[test]
fn the_whole_suite_leaves_no_rule_out() {
    let listed = with_store_rules!(listed!);
    assert!(listed.len() > 50, "{listed:?}");
    assert_eq!(BTreeSet::from(listed), written_rules("store"));
    let listed = with_limiter_rules!(listed!);
    assert!(listed.len() > 5, "{listed:?}");
    assert_eq!(BTreeSet::from(listed), written_rules("limiter"));
}
