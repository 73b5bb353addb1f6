//! The sources of a crate: its modules, their definitions, and the names that they import.

use std::collections::BTreeMap;

use syn::{Attribute, File, Item, ItemMacro, ItemUse, UseTree, Visibility, ext::IdentExt as _};

use super::conditions::is_for_users;

/// The names of the modules from the root down.
pub(crate) type ModulePath = Vec<String>;

pub(crate) struct Crate {
    pub(crate) modules: BTreeMap<ModulePath, Module>,
}

#[derive(Default)]
pub(crate) struct Module {
    pub(crate) items: Vec<Item>,
    pub(crate) imports: Vec<Import>,
}

/// One name that a `use` imports.
pub(crate) struct Import {
    /// `None` for `*`.
    pub(crate) name: Option<String>,
    pub(crate) target: Vec<String>,
    pub(crate) is_public: bool,
}

impl Crate {
    /// The crate with this root; `read` returns the text of its other files.
    pub(crate) fn new(root: &str, read: &dyn Fn(&str) -> String) -> Self {
        let mut found = Self {
            modules: BTreeMap::new(),
        };
        found.add(Vec::new(), parsed("lib.rs", root), read);
        found
    }

    fn add(&mut self, path: ModulePath, items: Vec<Item>, read: &dyn Fn(&str) -> String) {
        let mut module = Module::default();
        for item in items {
            if !is_for_users(attributes(&item)) {
                continue;
            }
            match item {
                Item::Use(item) => module.imports.extend(imports(&item)),
                Item::Macro(item) => assert_makes_no_items(&item),
                Item::Mod(mut item) => {
                    let mut inner = path.clone();
                    inner.push(item.ident.unraw().to_string());
                    let content = item.content.take().map_or_else(
                        || {
                            let file = format!("{}.rs", inner.join("/"));
                            parsed(&file, &read(&file))
                        },
                        |(_, items)| items,
                    );
                    self.add(inner, content, read);
                    module.items.push(Item::Mod(item));
                }
                item => module.items.push(item),
            }
        }
        self.modules.insert(path, module);
    }
}

fn parsed(file: &str, text: &str) -> Vec<Item> {
    let parsed: File = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
    parsed.items
}

/// This test cannot see items that a macro generates.
fn assert_makes_no_items(item: &ItemMacro) {
    let is_exported = item
        .attrs
        .iter()
        .any(|it| it.path().is_ident("macro_export"));
    assert!(!is_exported, "the crate exports no macros yet");
    let name = &item.mac.path.segments.last().expect("a name").ident;
    assert!(
        name == "macro_rules" || name == "thread_local",
        "these tests can't tell what `{name}!` makes: write it out"
    );
}

fn imports(item: &ItemUse) -> Vec<Import> {
    let mut found = Vec::new();
    let start = if item.leading_colon.is_some() {
        vec![String::new()]
    } else {
        Vec::new()
    };
    let mut add = |name: Option<String>, target: Vec<String>| {
        found.push(Import {
            name,
            target,
            is_public: matches!(item.vis, Visibility::Public(_)),
        });
    };
    flatten(&item.tree, start, &mut add);
    found
}

fn flatten(
    tree: &UseTree,
    mut path: Vec<String>,
    add: &mut dyn FnMut(Option<String>, Vec<String>),
) {
    match tree {
        UseTree::Path(part) => {
            path.push(part.ident.unraw().to_string());
            flatten(&part.tree, path, add);
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                flatten(tree, path.clone(), add);
            }
        }
        UseTree::Glob(_) => add(None, path),
        UseTree::Name(name) if name.ident == "self" => add(path.last().cloned(), path),
        UseTree::Name(name) => {
            let name = name.ident.unraw().to_string();
            path.push(name.clone());
            add(Some(name), path);
        }
        UseTree::Rename(renamed) => {
            if renamed.ident != "self" {
                path.push(renamed.ident.unraw().to_string());
            }
            add(Some(renamed.rename.unraw().to_string()), path);
        }
    }
}

/// The name that an item defines.
pub(crate) fn name(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(it) => &it.ident,
        Item::Enum(it) => &it.ident,
        Item::Fn(it) => &it.sig.ident,
        Item::Mod(it) => &it.ident,
        Item::Static(it) => &it.ident,
        Item::Struct(it) => &it.ident,
        Item::Trait(it) => &it.ident,
        Item::TraitAlias(it) => &it.ident,
        Item::Type(it) => &it.ident,
        Item::Union(it) => &it.ident,
        _ => return None,
    };
    Some(ident.unraw().to_string())
}

pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(it) => &it.attrs,
        Item::Enum(it) => &it.attrs,
        Item::ExternCrate(it) => &it.attrs,
        Item::Fn(it) => &it.attrs,
        Item::Impl(it) => &it.attrs,
        Item::Macro(it) => &it.attrs,
        Item::Mod(it) => &it.attrs,
        Item::Static(it) => &it.attrs,
        Item::Struct(it) => &it.attrs,
        Item::Trait(it) => &it.attrs,
        Item::TraitAlias(it) => &it.attrs,
        Item::Type(it) => &it.attrs,
        Item::Union(it) => &it.attrs,
        Item::Use(it) => &it.attrs,
        _ => panic!("this kind of item is not supported"),
    }
}

pub(crate) fn is_public(item: &Item) -> bool {
    let visibility = match item {
        Item::Const(it) => &it.vis,
        Item::Enum(it) => &it.vis,
        Item::Fn(it) => &it.vis,
        Item::Mod(it) => &it.vis,
        Item::Static(it) => &it.vis,
        Item::Struct(it) => &it.vis,
        Item::Trait(it) => &it.vis,
        Item::TraitAlias(it) => &it.vis,
        Item::Type(it) => &it.vis,
        Item::Union(it) => &it.vis,
        _ => return false,
    };
    matches!(visibility, Visibility::Public(_))
}
