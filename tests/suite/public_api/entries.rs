//! The public items of a crate, each with what is implemented for it.

use syn::{Item, ItemImpl, Path, Type, visit, visit::Visit};

use super::{
    gates::Gates,
    modules::{Crate, ModulePath},
    names::Meaning,
    outside::Outside,
    shown::{shown, shown_impl},
};

pub(super) struct Entry {
    /// The name that users have for it, from the root down.
    pub(super) name: Vec<String>,
    /// The module that defines it.
    pub(super) module: ModulePath,
    pub(super) gates: Gates,
    pub(super) item: Item,
    pub(super) implementations: Vec<Implementation>,
}

/// An `impl`, which may stand in another module than its type.
pub(super) struct Implementation {
    pub(super) module: ModulePath,
    /// All under which it is there, though the text shows only what goes beyond its item's.
    pub(super) gates: Gates,
    pub(super) item: ItemImpl,
}

/// In the order of their names.
pub(super) fn entries(sources: &Crate, outside: &Outside) -> Vec<Entry> {
    let mut entries: Vec<_> = outside
        .items(sources)
        .into_iter()
        .map(|it| Entry {
            item: shown(it.item, &it.gates),
            name: it.name,
            module: it.module,
            gates: it.gates,
            implementations: Vec::new(),
        })
        .collect();
    for (path, module) in &sources.modules {
        for item in &module.items {
            let Item::Impl(item) = item else { continue };
            let Some(owner) = owner(sources, outside, path, item) else {
                continue;
            };
            let entry = entries.iter_mut().find(|it| it.name == owner);
            let entry = entry.expect("owners are listed");
            let gates = module.gates.and(&Gates::of(&item.attrs));
            let Some(item) = shown_impl(item, &gates.without(&entry.gates)) else {
                continue;
            };
            entry.implementations.push(Implementation {
                module: path.clone(),
                gates,
                item,
            });
        }
    }
    entries
}

/// The public item that an `impl` is about: its type, or else its trait, or else what these are made
/// of. None if users can't use it, because it names something private.
fn owner<'a>(
    sources: &Crate,
    outside: &'a Outside,
    module: &[String],
    item: &ItemImpl,
) -> Option<&'a [String]> {
    let mut paths = Paths::default();
    paths.visit_type(itself(&item.self_ty));
    if let Some((_, of, _)) = &item.trait_ {
        paths.visit_path(of);
    }
    let mut found = None;
    for path in &paths.0 {
        for (meaning, _) in sources.look_up(module, path) {
            if matches!(meaning, Meaning::Item(..)) {
                let name = outside.name_of(&meaning)?;
                found = found.or(Some(name));
            }
        }
    }
    found
}

/// `T` of `&T`.
fn itself(item: &Type) -> &Type {
    match item {
        Type::Reference(reference) => itself(&reference.elem),
        Type::Paren(paren) => itself(&paren.elem),
        other => other,
    }
}

/// Every path in something, the outermost first.
#[derive(Default)]
struct Paths(Vec<Vec<String>>);

impl<'a> Visit<'a> for Paths {
    fn visit_path(&mut self, path: &'a Path) {
        self.0.push(names(path));
        visit::visit_path(self, path);
    }
}

/// The names of a path; the first is empty if it begins with `::`.
pub(super) fn names(path: &Path) -> Vec<String> {
    let start = path.leading_colon.map(|_| String::new());
    let segments = path.segments.iter().map(|it| it.ident.to_string());
    start.into_iter().chain(segments).collect()
}
