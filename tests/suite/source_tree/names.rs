//! Resolves names in the sources.

use super::modules::{Crate, Import, ModulePath, name};

/// The target of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Meaning {
    /// An item of the crate: the module that defines it, and its name.
    Item(ModulePath, String),
    Module(ModulePath),
    /// An item of another crate, with its full path.
    Foreign(Vec<String>),
}

impl Crate {
    /// The targets of `path` in `module`: none for built-in names, and several if a name exists in
    /// several namespaces.
    pub(crate) fn look_up(&self, module: &[String], path: &[String]) -> Vec<Meaning> {
        let (first, rest) = path.split_first().expect("a path has names");
        match first.as_str() {
            "" => vec![Meaning::Foreign(rest.to_vec())],
            "crate" => self.look_inside(&[], rest),
            "self" => self.look_inside(module, rest),
            "super" => {
                let (_, parent) = module.split_last().expect("the root has no parent");
                if rest.first().is_some_and(|it| it == "super") {
                    return self.look_up(parent, rest);
                }
                self.look_inside(parent, rest)
            }
            _ => {
                let found = self.look_inside(module, path);
                if found.is_empty() && path.len() > 1 {
                    return vec![Meaning::Foreign(path.to_vec())];
                }
                found
            }
        }
    }

    fn look_inside(&self, module: &[String], path: &[String]) -> Vec<Meaning> {
        let Some((first, rest)) = path.split_first() else {
            return vec![Meaning::Module(module.to_vec())];
        };
        let child: ModulePath = module.iter().chain([first]).cloned().collect();
        let is_module = self.modules.contains_key(&child);
        if is_module && !rest.is_empty() {
            return self.look_inside(&child, rest);
        }
        let mut found = Vec::new();
        if is_module {
            found.push(Meaning::Module(child));
        } else if self.defines(module, first) {
            found.push(Meaning::Item(module.to_vec(), first.clone()));
        }
        let imports = &self.modules[module].imports;
        for import in imports.iter().filter(|it| it.name.as_ref() == Some(first)) {
            found.extend(self.look_through(module, import, rest));
        }
        if found.is_empty() {
            for glob in imports.iter().filter(|it| it.name.is_none()) {
                found.extend(self.look_through(module, glob, path));
            }
        }
        found
    }

    /// The targets of `rest` below an import.
    fn look_through(&self, module: &[String], import: &Import, rest: &[String]) -> Vec<Meaning> {
        let target: Vec<_> = import.target.iter().chain(rest).cloned().collect();
        // For example `use metrics;`, where the module itself has no such name.
        let names_itself = import.name.as_ref() == import.target.first();
        if import.name.is_none() {
            self.look_behind_glob(module, import, rest)
        } else if names_itself && !self.has_own(module, &import.target[0]) {
            vec![Meaning::Foreign(target)]
        } else {
            self.look_up(module, &target)
        }
    }

    /// A glob of another crate could import any name; it is treated as importing none.
    fn look_behind_glob(&self, module: &[String], glob: &Import, path: &[String]) -> Vec<Meaning> {
        let behind = self.look_up(module, &glob.target);
        let inside = |meaning: Meaning| match meaning {
            Meaning::Module(inner) if inner != module => self.look_inside(&inner, path),
            _ => Vec::new(),
        };
        behind.into_iter().flat_map(inside).collect()
    }

    fn has_own(&self, module: &[String], first: &str) -> bool {
        let child: ModulePath = module.iter().cloned().chain([first.to_owned()]).collect();
        self.modules.contains_key(&child) || self.defines(module, first)
    }

    fn defines(&self, module: &[String], first: &str) -> bool {
        let items = &self.modules[module].items;
        items.iter().any(|it| name(it).as_deref() == Some(first))
    }
}
