//! The tests that there are, read from the sources as the compiler reads them: module by module, from
//! each root. One that is ignored shows nothing, and is none.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use syn::{
    Attribute, Expr, Ident, Item, ItemMod, Lit, Meta, Token,
    parse::{ParseStream, Parser as _},
};

/// The names of all tests of the package at `root`.
pub(super) fn tests(root: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (name, file) in roots(root) {
        let folder = file.parent().unwrap().to_owned();
        Module {
            name,
            inner: folder.clone(),
            folder,
        }
        .read(&file, &mut found);
    }
    found
}

/// The root of each test binary, and its name: the library is `lib`.
fn roots(root: &Path) -> Vec<(String, PathBuf)> {
    let mut roots = vec![("lib".to_owned(), root.join("src/lib.rs"))];
    let folders = ["tests", "tests/rust_clients/tests"].map(|it| root.join(it));
    let entries = folders.iter().filter_map(|it| fs::read_dir(it).ok());
    for entry in entries.flatten() {
        let path = entry.unwrap().path();
        let main = path.join("main.rs");
        let file = if main.exists() { main } else { path.clone() };
        if file.extension().is_some_and(|extension| extension == "rs") {
            let name = path.file_stem().unwrap().to_str().unwrap();
            roots.push((name.to_owned(), file));
        }
    }
    roots
}

/// A module that is being read.
struct Module {
    /// With the names of those around it.
    name: String,
    /// Where its file is: what a `#[path]` starts from.
    folder: PathBuf,
    /// Where the files of the modules inside it are.
    inner: PathBuf,
}

impl Module {
    fn read(&self, file: &Path, found: &mut BTreeSet<String>) {
        let text = fs::read_to_string(file)
            .unwrap_or_else(|error| panic!("{} ({}): {error}", self.name, file.display()));
        let parsed = syn::parse_file(&text)
            .unwrap_or_else(|error| panic!("{} can't be read: {error}", file.display()));
        self.items(&parsed.items, found);
    }

    fn items(&self, items: &[Item], found: &mut BTreeSet<String>) {
        for item in items {
            match item {
                Item::Fn(function) if is_test(&function.attrs) => {
                    found.insert(self.of(&function.sig.ident));
                }
                Item::Mod(module) => self.module(module, found),
                Item::Macro(item) if item.mac.path.is_ident("proptest") => {
                    let names = property_tests.parse2(item.mac.tokens.clone()).unwrap();
                    found.extend(names.iter().map(|name| self.of(name)));
                }
                _ => {}
            }
        }
    }

    fn module(&self, module: &ItemMod, found: &mut BTreeSet<String>) {
        let name = module.ident.to_string();
        let mut inside = Self {
            name: self.of(&module.ident),
            folder: self.folder.clone(),
            inner: self.inner.join(&name),
        };
        if let Some((_, items)) = &module.content {
            inside.items(items, found);
            return;
        }
        let file = match path_of(&module.attrs) {
            Some(path) => {
                let file = self.folder.join(path);
                file.parent().unwrap().clone_into(&mut inside.inner);
                file
            }
            None => self.inner.join(format!("{name}.rs")),
        };
        file.parent().unwrap().clone_into(&mut inside.folder);
        inside.read(&file, found);
    }

    fn of(&self, name: &Ident) -> String {
        format!("{}::{name}", self.name)
    }
}

/// `#[test]`, `#[tokio::test]`, and not `#[ignore]`.
fn is_test(attributes: &[Attribute]) -> bool {
    let last = |attribute: &Attribute| {
        let segments = &attribute.path().segments;
        segments.last().map(|segment| segment.ident.to_string())
    };
    let has = |name: &str| {
        attributes
            .iter()
            .any(|it| last(it).as_deref() == Some(name))
    };
    has("test") && !has("ignore")
}

/// The file that `#[path = "…"]` names.
fn path_of(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| {
        let Meta::NameValue(pair) = &attribute.meta else {
            return None;
        };
        match &pair.value {
            Expr::Lit(value) if pair.path.is_ident("path") => match &value.lit {
                Lit::Str(path) => Some(path.value()),
                _ => None,
            },
            _ => None,
        }
    })
}

/// The functions of a `proptest!` block. Their parameters are no Rust, so they are passed over.
fn property_tests(input: ParseStream<'_>) -> syn::Result<Vec<Ident>> {
    let mut names = Vec::new();
    while !input.is_empty() {
        input.call(Attribute::parse_inner)?;
        let attributes = input.call(Attribute::parse_outer)?;
        if input.peek(Token![fn]) {
            input.parse::<Token![fn]>()?;
            let name = input.parse()?;
            if is_test(&attributes) {
                names.push(name);
            }
        }
        if !input.is_empty() {
            input.step(|cursor| {
                let next = cursor.token_tree().map(|(_, next)| ((), next));
                next.ok_or_else(|| cursor.error("nothing is left"))
            })?;
        }
    }
    Ok(names)
}

#[test]
fn a_test_is_found_wherever_it_is_written() {
    let package = crate::temporary::TemporaryDir::new();
    for (file, text) in [
        ("src/lib.rs", "mod a; fn helper() {}"),
        (
            "src/a.rs",
            "mod b; #[cfg(test)] mod tests { use super::*; #[test] fn inline() {} }",
        ),
        (
            "src/a/b.rs",
            "#[cfg(test)] mod tests { #[test] #[should_panic] fn deep() {} }",
        ),
        (
            "tests/alone.rs",
            "#[path = \"support/shared.rs\"] mod shared; #[tokio::test] async fn top() {}",
        ),
        (
            "tests/support/shared.rs",
            "mod inner; #[test] fn shared_one() {}",
        ),
        ("tests/support/inner.rs", "#[test] fn beside() {}"),
        ("tests/support/unused.rs", "#[test] fn of_no_binary() {}"),
        ("tests/data.json", "{}"),
        ("tests/whole/main.rs", "mod part;"),
        (
            "tests/whole/part.rs",
            "// #[test] fn commented_out() {}\n\
             fn no_test() {}\n\
             const TEXT: &str = \"#[test] fn quoted() {}\";\n\
             #[test] #[ignore] fn ignored() {}\n\
             #[tokio::test(flavor = \"multi_thread\")] async fn threads() {}\n\
             proptest! {\n\
                 #![proptest_config(config())]\n\
                 /// What it is for.\n\
                 #[test] fn property(a in 0..9u8, b in any::<String>()) { assert!(a < 9, \"{b}\"); }\n\
                 fn no_property(a in 0..9u8) {}\n\
                 #[test] fn another((a, b) in pairs()) {}\n\
             }",
        ),
    ] {
        let path = package.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let expected = [
        "alone::shared::inner::beside",
        "alone::shared::shared_one",
        "alone::top",
        "lib::a::b::tests::deep",
        "lib::a::tests::inline",
        "whole::part::another",
        "whole::part::property",
        "whole::part::threads",
    ];
    let found = tests(package.path());
    assert_eq!(
        found.iter().map(String::as_str).collect::<Vec<_>>(),
        expected
    );
}

#[test]
fn this_test_is_found() {
    let found = tests(Path::new(env!("CARGO_MANIFEST_DIR")));
    assert!(found.contains("suite::evidence::finder::this_test_is_found"));
}
