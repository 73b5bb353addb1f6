//! The order of the crate's modules: each uses only modules below its own, names an item by its
//! module, and has no files that import each other in a cycle.

mod cycles;
mod layers;
mod root_names;
mod token_paths;
mod used_paths;

use syn::Item;

use cycles::{count_of_edges, cycles};
use layers::Layers;
use root_names::root_names_used;
use used_paths::used_paths;

use crate::source_tree::SourceTree;

const LAYERS: Layers<'_> = Layers {
    layers: &[
        &["uri", "types", "redirect_uri", "pkce"],
        &["backend_error", "box_future", "system"],
        &["rate_limit"],
        &["acl"],
        &["settings", "tenants"],
        &["registration", "client"],
        &["store"],
        // Decisions, and the modules that they share.
        &["parameters", "envelope", "access"],
        &["authorization", "token", "discovery"],
        &["error"],
        &["geo", "events"],
        &["engine"],
        &["endpoint"],
        // The modules that several leaves share.
        &["group_commit", "stored_row", "tower"],
    ],
    leaves: &[
        "actix_web",
        "axum",
        "conformance",
        "geoip",
        "memory",
        "metrics",
        "postgres",
        "redis",
        "sqlite",
        "tracing",
    ],
};

#[test]
fn every_module_is_in_one_layer() {
    let misplaced = LAYERS.misplaced(&SourceTree::of_this_crate());
    assert!(misplaced.is_empty(), "{}", misplaced.join("\n"));
}

#[test]
fn no_module_uses_a_higher_module() {
    let faults = LAYERS.upward_uses(&SourceTree::of_this_crate());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_source_uses_a_root_name() {
    let used = root_names_used(&SourceTree::of_this_crate());
    assert!(used.is_empty(), "{}", used.join("\n"));
}

#[test]
fn no_files_import_each_other_in_a_cycle() {
    let tree = SourceTree::of_this_crate();
    let edges = count_of_edges(&tree);
    assert!(edges > 400, "only {edges} uses between files were found");
    let cycles = cycles(&tree);
    assert!(cycles.is_empty(), "{}", cycles.join("\n"));
}

#[test]
fn uses_are_found_in_the_sources() {
    let tree = SourceTree::of_this_crate();
    let uses = tree.files.values().flat_map(used_paths);
    let of_the_crate = uses.filter(|it| it.path_from_root().is_some()).count();
    assert!(of_the_crate > 500, "only {of_the_crate} uses were found");
}

#[test]
fn the_root_contains_no_logic() {
    let tree = SourceTree::of_this_crate();
    for item in &tree.files["lib.rs"].syntax.items {
        let is_a_name = match item {
            Item::Use(_) => true,
            Item::Mod(module) => module.content.is_none(),
            _ => false,
        };
        assert!(
            is_a_name,
            "lib.rs contains more than modules and re-exports"
        );
    }
}
