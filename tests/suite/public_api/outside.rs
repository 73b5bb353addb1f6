//! What can be reached from outside of a crate, and under which names.

use std::collections::{BTreeMap, BTreeSet};

use syn::Item;

use super::{
    gates::Gates,
    modules::{Crate, Import, Module, ModulePath, attributes, is_public, name},
    names::Meaning,
};

/// What users of the crate can name.
pub(crate) struct Outside {
    /// By the names that users have for them, from the root down.
    pub(crate) entries: BTreeMap<(Vec<String>, Meaning), Gates>,
    shortest: BTreeMap<Meaning, Vec<String>>,
}

/// An item, as reached by its shortest name.
pub(crate) struct Exposed<'a> {
    pub(crate) name: Vec<String>,
    /// The module that defines it.
    pub(crate) module: ModulePath,
    pub(crate) gates: Gates,
    pub(crate) item: &'a Item,
}

impl Outside {
    pub(crate) fn of(sources: &Crate) -> Self {
        let mut outside = Self {
            entries: BTreeMap::new(),
            shortest: BTreeMap::new(),
        };
        outside.enter(sources, &[], &[], &Gates::default());
        for (name, meaning) in outside.entries.keys() {
            let shortest = outside
                .shortest
                .entry(meaning.clone())
                .or_insert(name.clone());
            if name.len() < shortest.len() {
                shortest.clone_from(name);
            }
        }
        outside
    }

    /// The name of an item, the shortest if it has several.
    pub(crate) fn name_of(&self, meaning: &Meaning) -> Option<&[String]> {
        self.shortest.get(meaning).map(Vec::as_slice)
    }

    /// Every item once.
    pub(crate) fn items<'a>(&self, sources: &'a Crate) -> Vec<Exposed<'a>> {
        let mut found = Vec::new();
        for ((name, meaning), gates) in &self.entries {
            let Meaning::Item(module, defined_as) = meaning else {
                continue;
            };
            if self.name_of(meaning) != Some(name) {
                continue;
            }
            let definitions = definitions(&sources.modules[module], defined_as);
            found.extend(definitions.map(|item| Exposed {
                name: name.clone(),
                module: module.clone(),
                gates: gates.and(&Gates::of(attributes(item))),
                item,
            }));
        }
        found
    }

    /// Adds what `module` shows to those who know it as `outer`.
    fn enter(&mut self, sources: &Crate, module: &[String], outer: &[String], gates: &Gates) {
        let inside = &sources.modules[module];
        let gates = gates.and(&inside.gates);
        for item in inside.items.iter().filter(|it| is_public(it)) {
            let defined_as = name(item).expect("what is public has a name");
            let meaning = if matches!(item, Item::Mod(_)) {
                let child = module.iter().cloned().chain([defined_as.clone()]);
                Meaning::Module(child.collect())
            } else {
                Meaning::Item(module.to_vec(), defined_as.clone())
            };
            self.add(sources, below(outer, &defined_as), meaning, &gates);
        }
        for import in inside.imports.iter().filter(|it| it.is_public) {
            self.follow(sources, module, import, outer, &gates);
        }
    }

    fn follow(
        &mut self,
        sources: &Crate,
        module: &[String],
        import: &Import,
        outer: &[String],
        gates: &Gates,
    ) {
        let gates = gates.and(&import.gates);
        let mut found = sources.look_up(module, &import.target);
        // `pub use http;` finds itself, or nothing.
        found.retain(|(meaning, _)| !matches!(meaning, Meaning::Foreign(_)));
        if found.is_empty() {
            let foreign = Meaning::Foreign(import.target.clone());
            found.push((foreign, Gates::default()));
        }
        for (meaning, more) in found {
            let gates = gates.and(&more);
            match (&import.name, meaning) {
                (Some(name), meaning) => self.add(sources, below(outer, name), meaning, &gates),
                (None, Meaning::Module(inner)) => self.enter(sources, &inner, outer, &gates),
                (None, Meaning::Foreign(target)) => {
                    self.add(sources, below(outer, "*"), Meaning::Foreign(target), &gates);
                }
                (None, Meaning::Item(..)) => panic!("a glob of an enum: teach the lister"),
            }
        }
    }

    fn add(&mut self, sources: &Crate, name: Vec<String>, meaning: Meaning, gates: &Gates) {
        assert!(name.len() < 8, "modules that hold each other: {name:?}");
        let gates = match &meaning {
            Meaning::Item(module, _) => gates.and(&sources.modules[module].gates),
            Meaning::Module(module) => {
                self.enter(sources, module, &name, gates);
                gates.and(&sources.modules[module].gates)
            }
            Meaning::Foreign(_) => gates.clone(),
        };
        self.entries.insert((name, meaning), gates);
    }

    /// The other crates that something is re-exported of.
    pub(crate) fn foreign(&self) -> BTreeSet<(&str, &Gates)> {
        let mut found = BTreeSet::new();
        for ((_, meaning), gates) in &self.entries {
            if let Meaning::Foreign(path) = meaning {
                found.insert((path[0].as_str(), gates));
            }
        }
        found
    }
}

fn below(outer: &[String], name: &str) -> Vec<String> {
    outer.iter().cloned().chain([name.to_owned()]).collect()
}

fn definitions<'a>(module: &'a Module, defined_as: &str) -> impl Iterator<Item = &'a Item> {
    let has_the_name = move |it: &&Item| name(it).as_deref() == Some(defined_as);
    module
        .items
        .iter()
        .filter(|it| is_public(it) && !matches!(it, Item::Mod(_)))
        .filter(has_the_name)
}
