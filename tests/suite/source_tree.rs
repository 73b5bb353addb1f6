//! The sources of a crate as its users compile them: the files that `lib.rs` includes, without
//! tests and documentation.

pub(crate) mod conditions;
pub(crate) mod modules;
pub(crate) mod names;
pub(crate) mod outside;

use std::{cell::RefCell, collections::BTreeMap, fs, path::Path};

use modules::{Crate, ModulePath};

pub(crate) struct SourceTree {
    /// The definitions and imports of each module.
    pub(crate) names: Crate,
    /// The files by their paths below `src`.
    pub(crate) files: BTreeMap<String, SourceFile>,
}

pub(crate) struct SourceFile {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) syntax: syn::File,
}

impl SourceTree {
    pub(crate) fn of_this_crate() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        Self::new(&|file| fs::read_to_string(folder.join(file)).expect(file))
    }

    /// A crate with these files: their paths and texts.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let files: BTreeMap<_, _> = files.iter().copied().collect();
        Self::new(&|file| files[file].to_owned())
    }

    fn new(read: &dyn Fn(&str) -> String) -> Self {
        let files = RefCell::new(BTreeMap::new());
        let read_once = |path: &str| {
            let file = SourceFile::new(path, read(path));
            let text = file.text.clone();
            files.borrow_mut().insert(path.to_owned(), file);
            text
        };
        let names = Crate::new(&read_once("lib.rs"), &read_once);
        let files = files.into_inner();
        Self { names, files }
    }

    /// The file that contains a module: its own file, or the file of the enclosing module.
    pub(crate) fn file_of(&self, module: &[String]) -> &SourceFile {
        let own = self.files.get(&format!("{}.rs", module.join("/")));
        own.unwrap_or_else(|| match module.split_last() {
            Some((_, outer)) => self.file_of(outer),
            None => &self.files["lib.rs"],
        })
    }
}

impl SourceFile {
    fn new(path: &str, text: String) -> Self {
        let syntax = syn::parse_file(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let path = path.to_owned();
        Self { path, text, syntax }
    }

    pub(crate) fn is_root(&self) -> bool {
        self.path == "lib.rs"
    }

    /// The module that the file defines.
    pub(crate) fn module(&self) -> ModulePath {
        let path = self.path.trim_end_matches(".rs");
        let names = path.split('/').map(str::to_owned);
        names.filter(|_| !self.is_root()).collect()
    }

    /// The top-level module that contains the file.
    pub(crate) fn room(&self) -> &str {
        let first = self.path.split('/').next().expect("a path has names");
        first.trim_end_matches(".rs")
    }
}

#[test]
fn a_tree_has_the_files_that_users_compile() {
    let tree = SourceTree::of(&[
        ("lib.rs", "mod acl; #[cfg(doc)] mod guide;"),
        ("acl.rs", "mod rule { mod inner; } #[cfg(test)] mod tests;"),
        ("acl/rule/inner.rs", ""),
    ]);
    let paths: Vec<_> = tree.files.keys().collect();
    assert_eq!(paths, ["acl.rs", "acl/rule/inner.rs", "lib.rs"]);
    let file_of = |module: &[&str]| {
        let module: Vec<_> = module.iter().map(|it| (*it).to_owned()).collect();
        tree.file_of(&module).path.clone()
    };
    assert_eq!(file_of(&[]), "lib.rs");
    assert_eq!(file_of(&["acl", "rule"]), "acl.rs");
    assert_eq!(file_of(&["acl", "rule", "inner"]), "acl/rule/inner.rs");
    assert_eq!(tree.files["acl/rule/inner.rs"].room(), "acl");
}
