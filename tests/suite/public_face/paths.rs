//! The names by which users reach the items of a crate.

use std::collections::BTreeMap;

use crate::source_tree::{names::Meaning, outside::Outside};

/// The public items of the root, except modules.
pub(super) fn root_names(outside: &Outside) -> Vec<&str> {
    let entries = outside.entries.iter();
    let of_root = entries.filter(|(name, meaning)| {
        let is_module = matches!(meaning, Meaning::Module(_));
        name.len() == 1 && !is_module
    });
    of_root.map(|(name, _)| name[0].as_str()).collect()
}

/// Each item and module with a second path. An item of a public module may also be named at the
/// root, by its own name.
pub(super) fn items_with_several_paths(outside: &Outside) -> Vec<String> {
    let mut paths: BTreeMap<&Meaning, Vec<&[String]>> = BTreeMap::new();
    for (name, meaning) in &outside.entries {
        paths.entry(meaning).or_default().push(name);
    }
    let mut found = Vec::new();
    for (meaning, mut names) in paths {
        names.sort_by_key(|it| it.len());
        let is_fine = match names[..] {
            [_] => true,
            [[root], [.., inner]] => root == inner && !matches!(meaning, Meaning::Module(_)),
            _ => false,
        };
        if !is_fine {
            let names: Vec<_> = names.iter().map(|it| it.join("::")).collect();
            found.push(format!("one item, several paths: {}", names.join(", ")));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{items_with_several_paths, root_names};
    use crate::source_tree::{SourceTree, outside::Outside};

    fn several(root: &str) -> Vec<String> {
        let tree = SourceTree::of(&[("lib.rs", root)]);
        items_with_several_paths(&Outside::of(&tree.names))
    }

    #[test]
    fn the_names_of_the_root_are_counted() {
        let root =
            "pub mod acl { pub struct Rule; pub struct Acl; } mod engine { pub struct Owner; }
            pub use acl::Acl; pub use engine::Owner; pub use http::Method; use acl::Rule;
            pub(crate) use acl::Rule as Other; #[cfg(test)] pub fn of_tests() {} pub struct Own;";
        let tree = SourceTree::of(&[("lib.rs", root)]);
        let outside = Outside::of(&tree.names);
        assert_eq!(root_names(&outside), ["Acl", "Method", "Own", "Owner"]);
    }

    #[test]
    fn a_second_path_is_found() {
        let item = "mod inner { pub struct Rule; }";
        let roots = [
            (
                "pub mod a { pub use crate::inner::Rule; } pub mod b { pub use crate::inner::Rule; }",
                "a::Rule, b::Rule",
            ),
            (
                "pub mod a { pub use crate::inner::Rule; } pub use a::Rule as Renamed;",
                "Renamed, a::Rule",
            ),
            (
                "pub use inner::Rule; pub use inner::Rule as Renamed;",
                "Renamed, Rule",
            ),
            (
                "pub mod a { pub mod b { pub use crate::inner::Rule; } pub use b::Rule; }",
                "a::Rule, a::b::Rule",
            ),
            (
                "pub mod a { pub use crate::inner::*; } pub mod b { pub use crate::inner::*; } pub use inner::*;",
                "Rule, a::Rule, b::Rule",
            ),
        ];
        for (root, paths) in roots {
            let expected = format!("one item, several paths: {paths}");
            assert_eq!(several(&format!("{item} {root}")), [expected], "{root}");
        }
    }

    #[test]
    fn a_second_path_of_a_module_is_found() {
        let found = several("pub mod a { pub mod b {} } pub use a::b;");
        assert_eq!(found, ["one item, several paths: b, a::b"]);
    }

    #[test]
    fn root_name_does_not_count_as_second_path() {
        let root =
            "pub mod a { pub struct A; } mod b { pub struct B; } pub use a::A; pub use b::B;";
        assert_eq!(several(root), [""; 0]);
    }
}
