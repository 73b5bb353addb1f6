//! A newcomer's view of the crate: few names at the root, one path for every other item, and a page
//! for every public module that shows where to start.

mod markdown;
mod page;
mod paths;

use std::{fs, path::Path};

use syn::Item;

use page::{documentation, module_page_faults, opening_fault};
use paths::{items_with_several_paths, root_names};

use crate::source_tree::{SourceTree, modules::name, names::Meaning, outside::Outside};

const MOST_ROOT_NAMES: usize = 26;

#[test]
fn the_root_has_few_names() {
    let outside = Outside::of(&SourceTree::of_this_crate().names);
    let names = root_names(&outside);
    let count = names.len();
    assert!(
        count <= MOST_ROOT_NAMES,
        "{count} names, of at most {MOST_ROOT_NAMES}: {names:?}"
    );
}

#[test]
fn every_public_item_has_one_path() {
    let outside = Outside::of(&SourceTree::of_this_crate().names);
    let found = items_with_several_paths(&outside);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_public_module_has_a_page_for_newcomers() {
    let tree = SourceTree::of_this_crate();
    let outside = Outside::of(&tree.names);
    let modules = outside.entries.iter().filter_map(|(_, it)| match it {
        Meaning::Module(module) => Some(module),
        _ => None,
    });
    let faults: Vec<_> = modules
        .flat_map(|it| module_page_faults(&tree, &outside, it))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_guide_page_opens_with_its_purpose() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let read = |file: &str| fs::read_to_string(folder.join(file)).expect(file);
    let guide = syn::parse_file(&read("guide.rs")).unwrap();
    let own = documentation(&guide.attrs, &read);
    let mut faults = Vec::from_iter(opening_fault("guide", &own));
    let mut pages = 0;
    for item in &guide.items {
        let Item::Mod(module) = item else { continue };
        pages += 1;
        let text = documentation(&module.attrs, &read);
        faults.extend(opening_fault(&name(item).unwrap(), &text));
    }
    assert!(pages > 10, "only {pages} pages were found");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
