//! The floors of the crate: a module uses only modules below its own, so that data goes one way.

use std::{fs, path::Path};

/// The top-level modules from the ground up. Each may use those that stand before it.
const FLOORS: [&str; 22] = [
    // Values.
    "values",
    // Decisions: pure functions of values.
    "quota",
    "acl",
    "settings",
    "registration",
    "client",
    "life",
    "access",
    "parameters",
    "kept",
    "authorization",
    "token",
    "discovery",
    // The outside world: how it fails, and the ports to it.
    "error",
    "ports",
    // What is made of events, for operators.
    "audit",
    // The engine.
    "engine",
    // The wire.
    "wire",
    // What several leaves stand on.
    "group_commit",
    "stored",
    // What the other adapters stand on.
    "tower",
    // Leaves: adapters and back ends, which don't know each other.
    "leaves",
];

const LEAVES: [&str; 10] = [
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
];

fn floor(module: &str) -> usize {
    let name = if LEAVES.contains(&module) {
        "leaves"
    } else {
        module
    };
    let found = FLOORS.iter().position(|floor| *floor == name);
    found.unwrap_or_else(|| panic!("`{module}` stands on no floor: give it one in this test"))
}

#[test]
fn no_module_uses_one_above_its_own() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut edges = 0;
    for (module, text) in modules(&root) {
        for used in &uses(&text) {
            edges += 1;
            let is_below = floor(used) < floor(&module) || *used == module;
            assert!(is_below, "`{module}` uses `{used}`, which is not below it");
        }
    }
    assert!(
        edges > 50,
        "only {edges} uses were found: is the test reading the sources?"
    );
}

#[test]
fn the_root_holds_no_logic() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs")).unwrap();
    for word in ["fn ", "struct ", "enum ", "impl ", "trait "] {
        let found = text
            .lines()
            .filter(|line| !line.starts_with("//"))
            .any(|line| line.trim_start_matches("pub ").starts_with(word));
        assert!(!found, "lib.rs has a `{word}`");
    }
}

#[test]
fn only_back_ends_reach_out() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let ways_out = [
        "TcpStream",
        "UdpSocket",
        "UnixStream",
        "::process",
        "sqlx::",
        "redis::",
    ];
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let mut back_ends = Vec::new();
    for (module, text) in modules(&root) {
        // Its own module of that name is no way out.
        let code = text.replace("crate::redis::", "");
        let mut lines = code.lines().filter(is_code);
        if lines.any(|line| ways_out.iter().any(|way| line.contains(way))) {
            back_ends.push(module);
        }
    }
    back_ends.sort();
    back_ends.dedup();
    assert_eq!(back_ends, ["postgres", "redis", "sqlite"]);
}

#[test]
fn the_library_forbids_unsafe_code_and_denies_panics() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(package.join("Cargo.toml")).unwrap();
    let (_, lints) = manifest.split_once("[lints.rust]\n").unwrap();
    let (lints, _) = lints.split_once("\n[").unwrap();
    assert!(lints.lines().any(|line| line == "unsafe_code = \"forbid\""));

    let root = fs::read_to_string(package.join("src/lib.rs")).unwrap();
    let (_, denied) = root.split_once("\n#![deny(").unwrap();
    let (denied, _) = denied.split_once(")]").unwrap();
    let denied: Vec<_> = denied.split(',').map(str::trim).collect();
    for lint in [
        "expect_used",
        "indexing_slicing",
        "panic",
        "string_slice",
        "unreachable",
        "unwrap_used",
    ] {
        assert!(denied.contains(&&*format!("clippy::{lint}")), "{lint}");
    }
}

/// Every source file: the top-level module that it belongs to, and its text.
fn modules(root: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            // Besides, there are scripts, and pages to read.
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let inner = path.strip_prefix(root).unwrap().with_extension("");
            let module = inner.iter().next().unwrap().to_str().unwrap().to_owned();
            if module != "lib" {
                found.push((module, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

/// The top-level modules that `use crate::` lines and `crate::` paths of `text` name.
fn uses(text: &str) -> Vec<String> {
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let code = text.lines().filter(is_code).collect::<Vec<_>>().join("\n");
    let paths = code.split("crate::").skip(1);
    paths
        .flat_map(|path| {
            if path.starts_with('{') {
                listed(path)
            } else {
                vec![name(path)]
            }
        })
        .collect()
}

/// The modules that the outermost braces of `{a::b, c::{d, e}};` list.
fn listed(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut found = Vec::new();
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        let starts_item = matches!(character, '{' | ',') && depth == 1;
        let item = group[at + 1..].trim_start();
        if starts_item && !item.starts_with('}') {
            found.push(name(item));
        }
    }
    found
}

/// The identifier that `path` begins with.
fn name(path: &str) -> String {
    path.chars()
        .take_while(|&it| it.is_ascii_alphanumeric() || it == '_')
        .collect()
}
