//! The paths by which a file uses other files.

#[cfg(test)]
mod tests;

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens as _;
use syn::{
    Attribute, ImplItemConst, ImplItemFn, Item, ItemMod, ItemUse, Macro, Path, TraitItemFn,
    UseTree, Visibility,
    ext::IdentExt as _,
    visit::{self, Visit},
};

use super::token_paths::{string_paths, token_paths};
use crate::source_tree::{
    SourceFile,
    conditions::is_for_users,
    modules::{ModulePath, attributes},
};

/// A path of two or more names, or a name in a `use`: other paths lead to no other file.
#[derive(Debug)]
pub(super) struct UsedPath {
    /// The module that contains the path.
    pub(super) module: ModulePath,
    pub(super) names: Vec<String>,
    pub(super) line: usize,
}

impl UsedPath {
    /// The names from the root down, if the path starts with `crate`, `self` or `super`.
    pub(super) fn path_from_root(&self) -> Option<Vec<String>> {
        let mut found = match self.names.first()?.as_str() {
            "crate" => Vec::new(),
            "self" | "super" => self.module.clone(),
            _ => return None,
        };
        for name in &self.names {
            match name.as_str() {
                "crate" | "self" => {}
                "super" => drop(found.pop()),
                _ => found.push(name.clone()),
            }
        }
        Some(found)
    }
}

/// The paths in user-visible code, attributes and macros; not in documentation or tests.
pub(super) fn used_paths(file: &SourceFile) -> Vec<UsedPath> {
    let mut paths = UsedPaths {
        module: file.module(),
        found: Vec::new(),
    };
    paths.visit_file(&file.syntax);
    paths.found
}

struct UsedPaths {
    module: ModulePath,
    found: Vec<UsedPath>,
}

impl UsedPaths {
    fn add(&mut self, names: Vec<String>, line: usize) {
        let module = self.module.clone();
        self.found.push(UsedPath {
            module,
            names,
            line,
        });
    }

    fn add_path(&mut self, path: &Path, line: usize) {
        let segments = path.segments.iter();
        if path.leading_colon.is_none() && segments.len() > 1 {
            self.add(segments.map(|it| text(&it.ident)).collect(), line);
        }
    }

    fn add_use(&mut self, tree: &UseTree, mut names: Vec<String>) {
        let (ident, inner) = match tree {
            UseTree::Path(part) => (&part.ident, Some(&*part.tree)),
            UseTree::Name(name) => (&name.ident, None),
            UseTree::Rename(renamed) => (&renamed.ident, None),
            UseTree::Glob(glob) => {
                return self.add(names, glob.star_token.spans[0].start().line);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_use(tree, names.clone());
                }
                return;
            }
        };
        // The last name of `acl::{self}` is `acl`.
        if ident != "self" || names.is_empty() {
            names.push(text(ident));
        }
        match inner {
            Some(inner) => self.add_use(inner, names),
            None => self.add(names, line(ident)),
        }
    }

    fn add_tokens(&mut self, tokens: TokenStream) {
        for (names, line) in token_paths(tokens) {
            self.add(names, line);
        }
    }
}

impl Visit<'_> for UsedPaths {
    fn visit_item(&mut self, item: &Item) {
        if is_for_users(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_const(&mut self, item: &ImplItemConst) {
        if is_for_users(&item.attrs) {
            visit::visit_impl_item_const(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &ImplItemFn) {
        if is_for_users(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_trait_item_fn(&mut self, item: &TraitItemFn) {
        if is_for_users(&item.attrs) {
            visit::visit_trait_item_fn(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &ItemMod) {
        self.module.push(text(&item.ident));
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &ItemUse) {
        // A file that re-exports its children does not use them.
        let names_a_child = !matches!(item.vis, Visibility::Inherited)
            && !matches!(&item.tree, UseTree::Path(path) if path.ident == "crate" || path.ident == "super");
        if item.leading_colon.is_none() && !names_a_child {
            self.add_use(&item.tree, Vec::new());
        }
    }

    fn visit_path(&mut self, path: &Path) {
        if let Some(first) = path.segments.first() {
            self.add_path(path, line(&first.ident));
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &Macro) {
        self.visit_path(&called.path);
        self.add_tokens(called.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &Attribute) {
        if !attribute.path().is_ident("doc") {
            self.add_tokens(attribute.meta.to_token_stream());
            for (path, line) in string_paths(attribute.meta.to_token_stream()) {
                self.add_path(&path, line);
            }
        }
    }

    /// `pub(in crate::acl)` uses nothing.
    fn visit_visibility(&mut self, _: &Visibility) {}
}

pub(super) fn text(ident: &Ident) -> String {
    ident.unraw().to_string()
}

pub(super) fn line(ident: &Ident) -> usize {
    ident.span().start().line
}
