//! What users of the crate can reach, as text for a reviewer to read when it changes: every item with
//! its public fields, signatures, derives and implementations, and the features it takes.
//!
//! It is read from the sources, because the compiler's own description changes with the compiler. What
//! only a compiler knows is not in it: which auto traits (`Send`, `Sync`) hold, and what a type is that
//! is written under another name.

mod difference;
mod entries;
pub(crate) mod gates;
mod lister;
mod listing;
pub(crate) mod modules;
pub(crate) mod names;
mod optional;
pub(crate) mod outside;
mod shown;

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
};

use difference::difference;
use listing::listing;
use modules::Crate;
use optional::{OptionalDependencies, ungated};

use crate::package::package;

const REVIEWED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/public_api/listed");

fn sources() -> Crate {
    Crate::in_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

/// What a reviewer has agreed to.
fn reviewed() -> BTreeMap<String, String> {
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(&path).unwrap())
    };
    fs::read_dir(REVIEWED).unwrap().map(read).collect()
}

fn accept(listed: &BTreeMap<String, String>) {
    fs::remove_dir_all(REVIEWED).unwrap();
    fs::create_dir(REVIEWED).unwrap();
    for (name, text) in listed {
        fs::write(Path::new(REVIEWED).join(name).with_extension("txt"), text).unwrap();
    }
}

#[test]
fn the_public_api_is_the_reviewed_one() {
    let listed = listing(&sources(), "oauth_dcr");
    if env::var_os("UPDATE_PUBLIC_API").is_some() {
        accept(&listed);
    }
    let reviewed = reviewed();
    let nothing = String::new();
    let mut differences = Vec::new();
    let files: BTreeSet<_> = listed.keys().chain(reviewed.keys()).collect();
    for file in files {
        let before = reviewed.get(file).unwrap_or(&nothing);
        let now = listed.get(file).unwrap_or(&nothing);
        if before != now {
            differences.push(format!("{file}.txt\n{}", difference(before, now)));
        }
    }
    assert!(
        differences.is_empty(),
        "the public items have changed:\n{}\n\
         If that is meant: UPDATE_PUBLIC_API=1 cargo test --all-features --test suite public_api",
        differences.concat()
    );
}

#[test]
fn no_optional_dependency_is_seen_without_its_feature() {
    let optional = OptionalDependencies::of(&package());
    assert!(optional.0.contains_key("sqlx"), "{:?}", optional.0);
    let found = ungated(&sources(), &optional);
    assert!(found.is_empty(), "{found:#?}");
}
