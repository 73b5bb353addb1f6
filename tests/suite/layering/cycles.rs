//! Files of a module that import each other in a cycle.

use std::collections::{BTreeMap, BTreeSet};

use super::used_paths::{UsedPath, used_paths};
use crate::source_tree::{SourceFile, SourceTree, names::Meaning};

/// A file that uses a name of another file of the same top-level module.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Edge<'a> {
    from: &'a str,
    /// The line of the first use.
    line: usize,
    /// The file that defines the used name.
    to: &'a str,
    name: String,
}

/// How often files use another file of their module.
pub(super) fn count_of_edges(tree: &SourceTree) -> usize {
    all_edges(tree).len()
}

fn all_edges(tree: &SourceTree) -> BTreeSet<Edge<'_>> {
    let files = tree.files.values().filter(|it| !it.is_root());
    files.flat_map(|file| edges(tree, file)).collect()
}

/// Each cycle as a text: its files, and the uses that form the cycle.
pub(super) fn cycles(tree: &SourceTree) -> Vec<String> {
    let edges = all_edges(tree);
    let targets: BTreeMap<_, _> = edges
        .iter()
        .map(|it| (it.from, reached(it.from, &edges)))
        .collect();
    let reaches = |from, to| targets.get(from).is_some_and(|it| it.contains(to));
    let mut cycles: BTreeMap<BTreeSet<&str>, Vec<&Edge<'_>>> = BTreeMap::new();
    for edge in edges.iter().filter(|it| reaches(it.to, it.from)) {
        let there = targets[edge.from].iter().copied();
        let files = there.filter(|it| reaches(it, edge.from)).collect();
        cycles.entry(files).or_default().push(edge);
    }
    cycles.iter().map(shown).collect()
}

fn shown((files, edges): (&BTreeSet<&str>, &Vec<&Edge<'_>>)) -> String {
    let heading = format!("a cycle of {} files:\n", files.len());
    let lines = edges.iter().map(|it| {
        let Edge {
            from,
            line,
            to,
            name,
        } = it;
        format!("  src/{from}:{line} uses {name} of src/{to}\n")
    });
    heading + &lines.collect::<String>()
}

/// The names that `file` uses of other files of its top-level module, each once.
fn edges<'a>(tree: &'a SourceTree, file: &'a SourceFile) -> Vec<Edge<'a>> {
    let mut found: Vec<Edge<'_>> = Vec::new();
    for UsedPath {
        module,
        names,
        line,
    } in used_paths(file)
    {
        for meaning in tree.names.look_up(&module, &names) {
            let (defined_in, name) = match meaning {
                Meaning::Item(module, name) => (module, name),
                Meaning::Module(module) => (module.clone(), module.join("::")),
                Meaning::Foreign(_) => continue,
            };
            let to = tree.file_of(&defined_in);
            let is_known = found.iter().any(|it| it.to == to.path && it.name == name);
            if to.path != file.path && to.room() == file.room() && !is_known {
                found.push(Edge {
                    from: &file.path,
                    line,
                    to: &to.path,
                    name,
                });
            }
        }
    }
    found
}

/// The files that `from` uses, directly or indirectly.
fn reached<'a>(from: &str, edges: &BTreeSet<Edge<'a>>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut left = vec![from];
    while let Some(file) = left.pop() {
        for edge in edges.iter().filter(|it| it.from == file) {
            if found.insert(edge.to) {
                left.push(edge.to);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::cycles;
    use crate::source_tree::SourceTree;

    /// The cycles of a crate with one top-level module, `acl`.
    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let root = [("lib.rs", "mod acl;")];
        cycles(&SourceTree::of(&[&root, files].concat()))
    }

    #[test]
    fn two_files_can_form_a_cycle() {
        let expected = "a cycle of 2 files:
  src/acl/json.rs:1 uses Rule of src/acl/rule.rs
  src/acl/rule.rs:2 uses read of src/acl/json.rs
";
        let cycles = found(&[
            ("acl.rs", "mod json; mod rule; mod tree;"),
            (
                "acl/json.rs",
                "use super::rule::Rule;\npub(super) fn read() {}",
            ),
            (
                "acl/rule.rs",
                "pub struct Rule;\nfn f() { super::json::read() }",
            ),
            ("acl/tree.rs", "use super::{json::read, rule::Rule};"),
        ]);
        assert_eq!(cycles, [expected]);
    }

    #[test]
    fn three_files_can_form_a_cycle() {
        let expected = "a cycle of 3 files:
  src/acl/a.rs:1 uses B of src/acl/b.rs
  src/acl/b.rs:1 uses C of src/acl/c.rs
  src/acl/c.rs:1 uses A of src/acl/a.rs
";
        let cycles = found(&[
            ("acl.rs", "mod a; mod b; mod c; pub use a::A; use b::B;"),
            ("acl/a.rs", "use crate::acl::b::B; pub struct A;"),
            ("acl/b.rs", "use super::c::C; pub struct B;"),
            ("acl/c.rs", "pub struct C(super::a::A);"),
        ]);
        assert_eq!(cycles, [expected]);
    }

    #[test]
    fn re_export_leads_to_the_defining_file() {
        let files = [
            (
                "acl.rs",
                "mod json; mod rule; pub(crate) use json::read; pub use self::rule::Rule;",
            ),
            (
                "acl/json.rs",
                "use crate::acl::Rule; pub(crate) fn read() {}",
            ),
            ("acl/rule.rs", "pub struct Rule;"),
        ];
        assert_eq!(found(&files), [""; 0]);

        let mut cycle = files;
        cycle[2].1 = "use super::read; pub struct Rule;";
        let expected = "a cycle of 2 files:
  src/acl/json.rs:1 uses Rule of src/acl/rule.rs
  src/acl/rule.rs:1 uses read of src/acl/json.rs
";
        assert_eq!(found(&cycle), [expected]);
    }

    #[test]
    fn child_and_parent_can_form_a_cycle() {
        let cycles = found(&[
            ("acl.rs", "mod rule;\npub struct Acl(rule::Rule);"),
            ("acl/rule.rs", "use super::Acl;\npub(super) struct Rule;"),
        ]);
        let expected = "a cycle of 2 files:
  src/acl.rs:2 uses Rule of src/acl/rule.rs
  src/acl/rule.rs:1 uses Acl of src/acl.rs
";
        assert_eq!(cycles, [expected]);
    }

    #[test]
    fn separate_cycles_are_reported_separately() {
        let cycles = found(&[
            ("acl.rs", "mod a; mod b; mod c; mod d;"),
            ("acl/a.rs", "use super::b::B; pub struct A;"),
            ("acl/b.rs", "use super::{a::A, c::C}; pub struct B;"),
            ("acl/c.rs", "use super::d::D; pub struct C;"),
            ("acl/d.rs", "use super::c::C; pub struct D;"),
        ]);
        assert_eq!(cycles.len(), 2, "{cycles:#?}");
        assert!(!cycles.concat().contains("src/acl/b.rs:1 uses C"));
    }

    #[test]
    fn inner_modules_and_tests_form_no_cycle() {
        let cycles = found(&[
            ("acl.rs", "mod a; mod b;"),
            (
                "acl/a.rs",
                "mod inner { use super::A; } use inner as i; pub struct A;",
            ),
            (
                "acl/b.rs",
                "use super::a::A;\n#[cfg(test)] mod tests { use super::super::b; }",
            ),
        ]);
        assert_eq!(cycles, [""; 0]);
    }
}
