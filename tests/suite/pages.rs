//! The documentation pages: their examples are right, and their links lead somewhere. rustdoc
//! compiles the Rust examples; here we check that no example escapes rustdoc.

mod blocks;
mod links;

use std::{fs, path::Path};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A page, by its path from the root of the repository.
struct Page {
    path: String,
    text: String,
}

impl Page {
    /// Whether rustdoc compiles its Rust blocks as documentation of the crate.
    fn is_compiled(&self) -> bool {
        self.path == "README.md" || self.path.starts_with("src/guide/")
    }
}

fn pages() -> Vec<Page> {
    let pages: Vec<_> = ["", "benches/", "src/guide/", "src/guide/proxies/"]
        .into_iter()
        .flat_map(pages_in)
        .collect();
    assert!(pages.iter().any(|it| it.path == "README.md"));
    assert!(pages.iter().any(|it| it.path.starts_with("src/guide/")));
    pages
}

fn pages_in(folder: &str) -> Vec<Page> {
    let files = fs::read_dir(Path::new(ROOT).join(folder)).unwrap();
    let names = files.map(|it| it.unwrap().file_name().into_string().unwrap());
    names
        .filter(|name| Path::new(name).extension().is_some_and(|it| it == "md"))
        .map(|name| Page {
            text: fs::read_to_string(Path::new(ROOT).join(folder).join(&name)).unwrap(),
            path: format!("{folder}{name}"),
        })
        .collect()
}

fn source(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap()
}

#[test]
fn every_guide_page_is_in_the_documentation() {
    let guide = source("src/guide.rs");
    for page in pages_in("src/guide/") {
        let name = page.path.trim_start_matches("src/");
        let included = format!("include_str!(\"{name}\")");
        assert!(
            guide.contains(&included),
            "src/guide.rs does not include {name}"
        );
    }
}

#[test]
fn the_readme_is_compiled_with_the_documentation() {
    assert!(source("src/lib.rs").contains("doc = include_str!(\"../README.md\")"));
}
