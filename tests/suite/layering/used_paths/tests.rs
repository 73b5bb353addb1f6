//! Where paths are found, and what they resolve to.

use super::used_paths;
use crate::source_tree::SourceTree;

/// `line: path` for each path in a file `a.rs` with this text.
fn used(text: &str) -> Vec<String> {
    let tree = SourceTree::of(&[("lib.rs", "mod a;"), ("a.rs", text)]);
    let paths = used_paths(&tree.files["a.rs"]).into_iter();
    paths
        .map(|it| format!("{}: {}", it.line, it.names.join("::")))
        .collect()
}

#[test]
fn a_use_names_each_of_its_items() {
    let text = "use crate::{\n    b::c,\n    d::{self, e as f, *},\n};\npub use super::g;";
    let expected = [
        "2: crate::b::c",
        "3: crate::d",
        "3: crate::d::e",
        "3: crate::d",
        "5: super::g",
    ];
    assert_eq!(used(text), expected);
}

#[test]
fn paths_in_code_are_seen() {
    let sources = [
        "fn f() { crate::b::c() }",
        "fn f() { if true { let _ = crate::b::c; } }",
        "fn f(it: Option<crate::b::c>) {}",
        "struct A { it: [crate::b::c; 2] }",
        "impl crate::b::c for u8 {}",
        "impl u8 { fn f() { use crate::b::c; } }",
        "fn f<T: crate::b::c>() {}",
        "fn f(it: u8) { match it { crate::b::c => {} } }",
        "type A = <u8 as crate::b::c>::D;",
    ];
    for source in sources {
        let used = used(source);
        let is_seen = |it: &String| it.starts_with("1: crate::b::c");
        assert!(used.iter().any(is_seen), "{source}: {used:?}");
    }
}

#[test]
fn paths_in_attributes_and_macros_are_seen() {
    let sources = [
        "#[serde(with = \"crate::b::c\")] struct A;",
        "struct A { #[serde(default = \"crate::b::c\")] it: u8 }",
        "#[derive(crate::b::c)] struct A;",
        "fn f() { write!(it, \"{}\", crate::b::c) }",
        "fn f() { outer!(inner![(crate::b::c)]) }",
        "fn f() { outer!(use crate::{b::{c}};) }",
        "macro_rules! m { () => { $crate::b::c() } }",
    ];
    for source in sources {
        let used = used(source);
        assert!(
            used.contains(&"1: crate::b::c".to_owned()),
            "{source}: {used:?}"
        );
    }
}

#[test]
fn uses_in_documentation_and_tests_are_ignored() {
    let sources = [
        "//! [`A`](crate::b::c)\n/// crate::b::c\nstruct A;",
        "#[doc = \"crate::b::c\"] struct A;",
        "#[cfg(test)] use crate::b::c;",
        "#[cfg(test)] mod tests { use crate::b::c; }",
        "impl u8 { #[cfg(test)] fn f() { crate::b::c() } }",
        "fn f() { print!(\"crate::b::c\") }",
        "pub(in crate::b::c) struct A;",
    ];
    for source in sources {
        assert_eq!(used(source), [""; 0], "{source}");
    }
}

#[test]
fn paths_are_resolved_from_the_root() {
    let text = "mod inner { use super::{super::x, y}; use self::z; use std::fmt; }";
    let tree = SourceTree::of(&[("lib.rs", "mod a;"), ("a.rs", text)]);
    let paths = used_paths(&tree.files["a.rs"]);
    let from_root: Vec<_> = paths
        .iter()
        .map(|it| it.path_from_root().map(|it| it.join("::")))
        .collect();
    let expected = ["x", "a::y", "a::inner::z"].map(|it| Some(it.to_owned()));
    assert_eq!(from_root[..3], expected);
    assert_eq!(from_root[3], None);
}
