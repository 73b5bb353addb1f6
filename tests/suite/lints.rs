//! The lints of the library: no unsafe code, and no panics.

use std::{fs, path::Path};

use syn::{Attribute, Meta, visit::Visit};

/// The clippy lints against panics.
const NO_PANICS: [&str; 7] = [
    "clippy::arithmetic_side_effects",
    "clippy::expect_used",
    "clippy::indexing_slicing",
    "clippy::panic",
    "clippy::string_slice",
    "clippy::unreachable",
    "clippy::unwrap_used",
];

/// Lint groups that contain them: allowing a group would allow them as well.
const GROUPS: [&str; 3] = ["clippy::all", "clippy::restriction", "warnings"];

#[test]
fn the_library_forbids_unsafe_code_and_denies_panics() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(package.join("Cargo.toml")).unwrap();
    let (_, lints) = manifest.split_once("[workspace.lints.rust]\n").unwrap();
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
fn panics_are_allowed_only_where_listed() {
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
            "conformance/random.rs: clippy::panic",
            "conformance/rule.rs: clippy::panic",
            "conformance/store/fixture.rs: clippy::panic",
            "conformance/traffic/bucket.rs: clippy::panic",
            "conformance/traffic/probe.rs: clippy::panic",
            "rate_limit/quota.rs: clippy::arithmetic_side_effects",
        ]
    );
}

/// The lints that attributes outside tests allow or expect.
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
            // The condition and the other attributes in the list do not matter.
            inside.split_once(['(', ',']).unwrap().1
        } else {
            return;
        };
        let lints = lints.split(['(', ')', ',']);
        self.0.extend(lints.map(str::to_owned));
    }
}

#[test]
fn every_way_to_allow_a_lint_is_found() {
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
            // The directory also has scripts and documentation pages.
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let inner = path.strip_prefix(root).unwrap().to_str().unwrap();
            found.push((inner.to_owned(), fs::read_to_string(&path).unwrap()));
        }
    }
    found
}
