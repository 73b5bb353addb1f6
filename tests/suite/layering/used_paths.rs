//! The paths that a file uses other files by.

use proc_macro2::{Delimiter, Ident, Spacing, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{
    Attribute, ImplItemConst, ImplItemFn, Item, ItemMod, ItemUse, Lit, Macro, Path, TraitItemFn,
    UseTree, Visibility,
    ext::IdentExt as _,
    visit::{self, Visit},
};

use crate::{
    public_api::{
        gates::Gates,
        modules::{ModulePath, attributes},
    },
    source_tree::SourceFile,
};

/// A path of two names or more, or what a `use` names: the rest leads to no other file.
#[derive(Debug)]
pub(super) struct UsedPath {
    /// The module that it stands in.
    pub(super) module: ModulePath,
    pub(super) names: Vec<String>,
    pub(super) line: usize,
}

impl UsedPath {
    /// The names from the root down, for a path that starts with `crate`, `self` or `super`.
    pub(super) fn from_root(&self) -> Option<Vec<String>> {
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

/// Those in code for users, in attributes and in macros; not in documentation or tests.
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
        // The last in `acl::{self}` is `acl`.
        if ident != "self" || names.is_empty() {
            names.push(text(ident));
        }
        match inner {
            Some(inner) => self.add_use(inner, names),
            None => self.add(names, line(ident)),
        }
    }

    /// What looks like a path in tokens that are not parsed.
    fn add_tokens(&mut self, tokens: TokenStream, strings_are_paths: bool) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut rest = &tokens[..];
        while let Some((first, after)) = rest.split_first() {
            rest = match first {
                TokenTree::Ident(_) => self.add_token_path(rest, &[]),
                // What comes after `::` belongs to another crate, or to what is before it.
                TokenTree::Punct(_) if after_colons(rest).is_some() => {
                    let after = after_colons(rest).unwrap_or_default();
                    let is_name = matches!(after.first(), Some(TokenTree::Ident(_)));
                    &after[usize::from(is_name)..]
                }
                TokenTree::Group(group) => {
                    self.add_tokens(group.stream(), strings_are_paths);
                    after
                }
                TokenTree::Literal(literal) if strings_are_paths => {
                    if let Lit::Str(string) = Lit::new(literal.clone())
                        && let Ok(path) = string.parse::<Path>()
                    {
                        self.add_path(&path, literal.span().start().line);
                    }
                    after
                }
                _ => after,
            };
        }
    }

    /// Adds the path, or paths, at the start of `tokens`, and returns what follows.
    fn add_token_path<'a>(&mut self, tokens: &'a [TokenTree], outer: &[String]) -> &'a [TokenTree] {
        let mut names = outer.to_vec();
        let (mut rest, mut at) = (tokens, 0);
        while let Some((first, after)) = rest.split_first() {
            match first {
                TokenTree::Ident(ident) => {
                    if ident != "self" || names.is_empty() {
                        names.push(text(ident));
                    }
                    at = line(ident);
                    rest = after;
                }
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    let inside: Vec<_> = group.stream().into_iter().collect();
                    for part in inside.split(is_comma).filter(|it| !it.is_empty()) {
                        self.add_token_path(part, &names);
                    }
                    return after;
                }
                _ => break,
            }
            match after_colons(rest) {
                Some(inner) => rest = inner,
                None => break,
            }
        }
        if names.len() > 1 {
            self.add(names, at);
        }
        rest
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
        if item.leading_colon.is_none() {
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
        self.add_tokens(called.tokens.clone(), false);
    }

    fn visit_attribute(&mut self, attribute: &Attribute) {
        if !attribute.path().is_ident("doc") {
            self.add_tokens(attribute.meta.to_token_stream(), true);
        }
    }

    /// `pub(in crate::acl)` uses nothing.
    fn visit_visibility(&mut self, _: &Visibility) {}
}

fn is_for_users(attributes: &[Attribute]) -> bool {
    !Gates::of(attributes).shut_out_users()
}

fn text(ident: &Ident) -> String {
    ident.unraw().to_string()
}

fn line(ident: &Ident) -> usize {
    ident.span().start().line
}

fn is_comma(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(it) if it.as_char() == ',')
}

/// What follows a `::` at the start of `tokens`.
fn after_colons(tokens: &[TokenTree]) -> Option<&[TokenTree]> {
    match tokens {
        [TokenTree::Punct(first), TokenTree::Punct(second), rest @ ..] => {
            let is_joint = first.spacing() == Spacing::Joint;
            let are_colons = first.as_char() == ':' && second.as_char() == ':';
            (is_joint && are_colons).then_some(rest)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::used_paths;
    use crate::source_tree::SourceTree;

    /// `line: path`, for a file `a.rs` with this text.
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
    fn documentation_and_tests_use_nothing() {
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
    fn a_path_is_counted_from_the_root() {
        let text = "mod inner { use super::{super::x, y}; use self::z; use std::fmt; }";
        let tree = SourceTree::of(&[("lib.rs", "mod a;"), ("a.rs", text)]);
        let paths = used_paths(&tree.files["a.rs"]);
        let from_root: Vec<_> = paths
            .iter()
            .map(|it| it.from_root().map(|it| it.join("::")))
            .collect();
        let expected = ["x", "a::y", "a::inner::z"].map(|it| Some(it.to_owned()));
        assert_eq!(from_root[..3], expected);
        assert_eq!(from_root[3], None);
    }
}
