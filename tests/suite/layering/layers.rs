//! Modules use only modules below their own.

use std::collections::BTreeSet;

use super::used_paths::used_paths;
use crate::source_tree::SourceTree;

pub(super) struct Layers<'a> {
    /// The layers, lowest first. A module is above all modules listed before it, in its own layer
    /// too.
    pub(super) layers: &'a [&'a [&'a str]],
    /// Modules above all layers. They do not use each other.
    pub(super) leaves: &'a [&'a str],
}

impl Layers<'_> {
    /// Each listed name that is not a module, and each module that is not listed exactly once.
    pub(super) fn misplaced(&self, tree: &SourceTree) -> Vec<String> {
        let modules = tree.names.modules.keys();
        let top = modules.filter(|it| it.len() == 1).map(|it| it[0].as_str());
        let modules: BTreeSet<_> = top.collect();
        let listed: Vec<_> = self.listed().collect();
        let names = modules.iter().chain(&listed).copied();
        let names: BTreeSet<_> = names.collect();
        let mut misplaced = Vec::new();
        for name in names {
            let times = listed.iter().filter(|it| **it == name).count();
            if !modules.contains(name) {
                misplaced.push(format!("`{name}` is in a layer, but is not a module"));
            } else if times != 1 {
                misplaced.push(format!("`{name}` is in {times} layers: put it in one"));
            }
        }
        misplaced
    }

    /// Each use of a module that is not below the using module.
    pub(super) fn upward_uses(&self, tree: &SourceTree) -> Vec<String> {
        let mut found = BTreeSet::new();
        for file in tree.files.values().filter(|it| !it.is_root()) {
            let own = file.room();
            for used in used_paths(file) {
                let Some(target) = used.path_from_root().and_then(|it| it.into_iter().next())
                else {
                    continue;
                };
                // A root name has no layer: another test forbids root names.
                let (Some(height), Some(own_height)) = (self.height(&target), self.height(own))
                else {
                    continue;
                };
                if target != own && height >= own_height {
                    let stands = if height == own_height {
                        "beside"
                    } else {
                        "above"
                    };
                    let text = format!("uses crate::{target}, which stands {stands} {own}");
                    found.insert((file.path.clone(), used.line, text));
                }
            }
        }
        let shown = |(path, line, text)| format!("src/{path}:{line} {text}");
        found.into_iter().map(shown).collect()
    }

    fn listed(&self) -> impl Iterator<Item = &str> {
        let layers = self.layers.iter().copied().flatten();
        layers.chain(self.leaves).copied()
    }

    fn height(&self, module: &str) -> Option<usize> {
        let ground = self.listed().position(|it| it == module)?;
        let layers: usize = self.layers.iter().map(|it| it.len()).sum();
        Some(ground.min(layers))
    }
}

#[cfg(test)]
mod tests {
    use super::Layers;
    use crate::source_tree::SourceTree;

    const SMALL: Layers<'_> = Layers {
        layers: &[&["types", "acl"], &["settings"]],
        leaves: &["axum", "memory"],
    };

    const LIB: &str = "mod acl; mod axum; mod memory; mod settings; mod types;
        pub use acl::Rule; pub use settings::Tenant;";

    /// The faults of a crate in which the file `path` has this text and the other files are empty.
    fn upward_uses(path: &str, text: &str) -> Vec<String> {
        let mut files = vec![("lib.rs", LIB)];
        let rest = ["acl.rs", "axum.rs", "memory.rs", "settings.rs", "types.rs"];
        let rest = rest.into_iter().filter(|it| *it != path);
        files.extend(rest.map(|it| (it, "mod rule {}")));
        files.push((path, text));
        SMALL.upward_uses(&SourceTree::of(&files))
    }

    #[test]
    fn upward_use_is_reported_with_its_line() {
        let tree = SourceTree::of(&[
            ("lib.rs", "mod acl; mod settings;"),
            ("acl.rs", "mod rule;"),
            (
                "acl/rule.rs",
                "//! Rules.\n\nuse std::fmt;\n\nuse crate::settings::Tenant;\n",
            ),
            ("settings.rs", "pub struct Tenant;"),
        ]);
        let expected = "src/acl/rule.rs:5 uses crate::settings, which stands above acl";
        assert_eq!(SMALL.upward_uses(&tree), [expected]);
    }

    #[test]
    fn every_form_of_upward_use_is_found() {
        let sources = [
            "use crate::{types::Id, settings::{Tenant, Other}};",
            "use super::settings::Tenant;",
            "pub use crate::settings;",
            "mod inner { use super::super::settings::Tenant; }",
            "fn f() { super::settings::f() }",
            "#[serde(with = \"crate::settings::document\")] struct A;",
            "fn f() { assert!(crate::settings::f()) }",
        ];
        for source in sources {
            let expected = "src/acl.rs:1 uses crate::settings, which stands above acl";
            assert_eq!(upward_uses("acl.rs", source), [expected], "{source}");
        }
    }

    #[test]
    fn order_within_a_layer_matters() {
        let expected = "src/types.rs:1 uses crate::acl, which stands above types";
        assert_eq!(upward_uses("types.rs", "use crate::acl::Rule;"), [expected]);
    }

    #[test]
    fn leaves_do_not_use_each_other() {
        for (leaf, other) in [("axum", "memory"), ("memory", "axum")] {
            let text = format!("use crate::{other}::X;");
            let expected =
                format!("src/{leaf}.rs:1 uses crate::{other}, which stands beside {leaf}");
            assert_eq!(upward_uses(&format!("{leaf}.rs"), &text), [expected]);
        }
    }

    #[test]
    fn downward_use_is_allowed() {
        let text = "use crate::{acl::Rule, settings, types}; use self::rule::X; mod rule {}";
        assert_eq!(upward_uses("axum.rs", text), [""; 0]);
    }

    #[test]
    fn each_module_is_in_one_layer() {
        let tree = SourceTree::of(&[
            (
                "lib.rs",
                "mod acl; mod axum; mod geo; mod memory; mod settings;",
            ),
            ("acl.rs", ""),
            ("axum.rs", ""),
            ("geo.rs", ""),
            ("memory.rs", ""),
            ("settings.rs", ""),
        ]);
        let expected = [
            "`geo` is in 0 layers: put it in one",
            "`types` is in a layer, but is not a module",
        ];
        assert_eq!(SMALL.misplaced(&tree), expected);
    }
}
