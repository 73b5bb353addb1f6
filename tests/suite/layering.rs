//! The floors of the crate: a module uses only modules below its own, so that data goes one way.

use std::{collections::BTreeSet, fs, path::Path};

use syn::{Attribute, Meta, visit::Visit};

use crate::package::{compiled, package};

/// The top-level modules from the ground up. Each may use those that stand before it.
const FLOORS: [&str; 29] = [
    // The ground: values, failure, time and randomness.
    "uri",
    "types",
    "redirect_uri",
    "pkce",
    "backend_error",
    "box_future",
    "system",
    // What a tenant decides.
    "rate_limit",
    "acl",
    "settings",
    "tenants",
    // Registrations and clients.
    "registration",
    "client",
    "store",
    // Decisions about requests of clients.
    "parameters",
    "envelope",
    "access",
    "authorization",
    "token",
    "discovery",
    // What can go wrong, and what is told of it.
    "error",
    "geo",
    "events",
    // The engine.
    "engine",
    // HTTP.
    "endpoint",
    // What several leaves stand on.
    "group_commit",
    "stored_row",
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

/// The features of back ends.
const BACK_ENDS: [&str; 3] = ["postgres", "redis", "sqlite"];

/// What the crate depends on itself where no back end is asked for. None of them is a client or a
/// resolver: look, before another name comes here.
const DEPENDENCIES: [&str; 29] = [
    "actix-web",
    "axum",
    "base64",
    "bytes",
    "futures-core",
    "governor",
    "http",
    "http-body",
    "http-body-util",
    "icu_normalizer",
    "icu_properties",
    "ipnet",
    "maxminddb",
    "metrics",
    "oxilangtag",
    "percent-encoding",
    "rand",
    "serde",
    "serde_json",
    "serde_path_to_error",
    "sha2",
    "subtle",
    "thiserror",
    "tokio",
    "tower-service",
    "tracing",
    "unicode-security",
    "url",
    "zeroize",
];

/// What a panic takes, of clippy's lints.
const NO_PANICS: [&str; 7] = [
    "clippy::arithmetic_side_effects",
    "clippy::expect_used",
    "clippy::indexing_slicing",
    "clippy::panic",
    "clippy::string_slice",
    "clippy::unreachable",
    "clippy::unwrap_used",
];

/// What would lift them with others.
const GROUPS: [&str; 3] = ["clippy::all", "clippy::restriction", "warnings"];

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
    assert_eq!(back_ends, BACK_ENDS);
}

#[test]
fn only_back_ends_depend_on_what_reaches_out() {
    let package = package();
    let features = package["features"].as_object().unwrap();
    let is_back_end = |name: &str| BACK_ENDS.contains(&name);
    let others = features.iter().filter(|(name, _)| !is_back_end(name));
    let asked = others
        .clone()
        .flat_map(|(_, parts)| parts.as_array().unwrap());
    let asked = asked.filter_map(|part| part.as_str().unwrap().strip_prefix("dep:"));
    let dependencies = package["dependencies"].as_array().unwrap().iter();
    let always = dependencies.filter(|it| it["kind"].is_null() && it["optional"] == false);
    let always = always.map(|it| it["name"].as_str().unwrap());
    let direct: BTreeSet<_> = always.chain(asked).collect();
    assert_eq!(direct, BTreeSet::from(DEPENDENCIES));

    // Theirs in turn are servers': hyper has a client, for who asks for it.
    let names: Vec<_> = others.map(|(name, _)| name.as_str()).collect();
    let compiled = compiled(&names);
    assert!(compiled.iter().any(|it| it.name == "hyper"), "{compiled:?}");
    for it in &compiled {
        let is_client = |feature: &String| feature == "client" || feature.starts_with("client-");
        assert!(!it.features.iter().any(is_client), "{it:?}");
        let is_resolver = ["resolver", "dns"]
            .iter()
            .any(|word| it.name.contains(word));
        assert!(!is_resolver, "{it:?}");
    }
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
    for lint in NO_PANICS {
        assert!(denied.contains(&lint), "{lint}");
    }
}

#[test]
fn panics_are_allowed_where_they_are_what_is_wanted_and_nowhere_else() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut lifts = Vec::new();
    for (path, text) in sources(&root) {
        let mut allowed = Allowed::default();
        allowed.visit_file(&syn::parse_file(&text).unwrap());
        let of_panics = |it: &String| [&NO_PANICS[..], &GROUPS].concat().contains(&&**it);
        let of_panics = allowed.0.into_iter().filter(of_panics);
        lifts.extend(of_panics.map(|lint| format!("{path}: {lint}")));
    }
    lifts.sort();
    assert_eq!(
        lifts,
        [
            "acl/country.rs: clippy::arithmetic_side_effects",
            "acl/country.rs: clippy::indexing_slicing",
            "conformance.rs: clippy::arithmetic_side_effects",
            "conformance/limiter/bucket.rs: clippy::panic",
            "conformance/rule.rs: clippy::panic",
            "conformance/store/scene.rs: clippy::panic",
            "rate_limit/quota.rs: clippy::arithmetic_side_effects",
        ]
    );
}

/// The lints that attributes allow, or expect, other than in tests.
#[derive(Debug, Default)]
struct Allowed(Vec<String>);

impl Visit<'_> for Allowed {
    fn visit_attribute(&mut self, attribute: &Attribute) {
        let Meta::List(list) = &attribute.meta else {
            return;
        };
        let inside = list.tokens.to_string().replace(char::is_whitespace, "");
        let lints = if list.path.is_ident("allow") || list.path.is_ident("expect") {
            &*inside
        } else if list.path.is_ident("cfg_attr") && !inside.starts_with("test,") {
            // Whatever the condition is, and whatever else is among them.
            inside.split_once(['(', ',']).unwrap().1
        } else {
            return;
        };
        let lints = lints.split(['(', ')', ',']);
        self.0.extend(lints.map(str::to_owned));
    }
}

#[test]
fn whatever_allows_a_lint_is_seen() {
    let text = r#"
        #![allow(a, reason = "b")]
        #![cfg_attr(test, allow(of_tests))]
        #[cfg_attr(all(unix, feature = "c"), expect(d))]
        mod e {
            fn f() {
                #[expect(g::h)]
                let _ = 0;
            }
        }
    "#;
    let mut allowed = Allowed::default();
    allowed.visit_file(&syn::parse_file(text).unwrap());
    for lint in ["a", "d", "g::h"] {
        assert!(allowed.0.iter().any(|it| it == lint), "{lint}: {allowed:?}");
    }
    let is_of_tests = |it: &String| it == "of_tests";
    assert!(!allowed.0.iter().any(is_of_tests), "{allowed:?}");
}

/// Every source file outside of the root: the top-level module that it belongs to, and its text. Test
/// modules with a file of their own are left out: they may stand on anything.
fn modules(root: &Path) -> Vec<(String, String)> {
    let module = |path: &str| {
        let first = path.split('/').next().unwrap();
        first.trim_end_matches(".rs").to_owned()
    };
    let sources = sources(root).into_iter();
    let sources = sources.filter(|(path, _)| !path.ends_with("/tests.rs"));
    let modules = sources.map(|(path, text)| (module(&path), text));
    modules.filter(|(module, _)| module != "lib").collect()
}

/// Every source file: its path below `root`, and its text.
fn sources(root: &Path) -> Vec<(String, String)> {
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
            let inner = path.strip_prefix(root).unwrap().to_str().unwrap();
            found.push((inner.to_owned(), fs::read_to_string(&path).unwrap()));
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
