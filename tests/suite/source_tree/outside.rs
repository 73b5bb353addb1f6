//! The items that users of a crate can reach, and their names.

use std::collections::BTreeSet;

use syn::Item;

use super::{
    modules::{Crate, Import, is_public, name},
    names::Meaning,
};

/// What users of the crate can name.
pub(crate) struct Outside {
    /// Each target with a name that users have for it, from the root down.
    pub(crate) entries: BTreeSet<(Vec<String>, Meaning)>,
}

impl Outside {
    pub(crate) fn of(sources: &Crate) -> Self {
        let mut outside = Self {
            entries: BTreeSet::new(),
        };
        outside.enter(sources, &[], &[]);
        outside
    }

    /// Adds the public items of `module`, which users know as `outer`.
    fn enter(&mut self, sources: &Crate, module: &[String], outer: &[String]) {
        let inside = &sources.modules[module];
        for item in inside.items.iter().filter(|it| is_public(it)) {
            let defined_as = name(item).expect("a public item has a name");
            let meaning = if matches!(item, Item::Mod(_)) {
                let child = module.iter().cloned().chain([defined_as.clone()]);
                Meaning::Module(child.collect())
            } else {
                Meaning::Item(module.to_vec(), defined_as.clone())
            };
            self.add(sources, below(outer, &defined_as), meaning);
        }
        for import in inside.imports.iter().filter(|it| it.is_public) {
            self.follow(sources, module, import, outer);
        }
    }

    fn follow(&mut self, sources: &Crate, module: &[String], import: &Import, outer: &[String]) {
        let mut found = sources.look_up(module, &import.target);
        // `pub use http;` resolves to itself, or to nothing.
        found.retain(|meaning| !matches!(meaning, Meaning::Foreign(_)));
        if found.is_empty() {
            found.push(Meaning::Foreign(import.target.clone()));
        }
        for meaning in found {
            match (&import.name, meaning) {
                (Some(name), meaning) => self.add(sources, below(outer, name), meaning),
                (None, Meaning::Module(inner)) => self.enter(sources, &inner, outer),
                (None, Meaning::Foreign(target)) => {
                    self.add(sources, below(outer, "*"), Meaning::Foreign(target));
                }
                (None, Meaning::Item(..)) => panic!("a glob of an enum is not supported"),
            }
        }
    }

    fn add(&mut self, sources: &Crate, name: Vec<String>, meaning: Meaning) {
        assert!(name.len() < 8, "modules contain each other: {name:?}");
        if let Meaning::Module(module) = &meaning {
            self.enter(sources, module, &name);
        }
        self.entries.insert((name, meaning));
    }
}

fn below(outer: &[String], name: &str) -> Vec<String> {
    outer.iter().cloned().chain([name.to_owned()]).collect()
}
