//! What the crate depends on, and what of it reaches out of the process.

use std::collections::BTreeSet;

use crate::{
    package::{compiled, package},
    source_tree::SourceTree,
};

/// The features of back ends.
const BACK_ENDS: [&str; 3] = ["postgres", "redis", "sqlite"];

/// The direct dependencies of the crate, with all features. Only `redis` and `sqlx` are clients. Check
/// that a new dependency is no client and no resolver before you add it here.
const DEPENDENCIES: [&str; 31] = [
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
    "redis",
    "serde",
    "serde_json",
    "serde_path_to_error",
    "sha2",
    "sqlx",
    "subtle",
    "thiserror",
    "tokio",
    "tower-service",
    "tracing",
    "unicode-security",
    "url",
    "zeroize",
];

#[test]
fn direct_dependencies_are_the_reviewed_ones() {
    let package = package();
    let dependencies = package["dependencies"].as_array().unwrap().iter();
    // The dependencies of tests have a kind.
    let of_users = dependencies.filter(|it| it["kind"].is_null());
    let names: BTreeSet<_> = of_users.map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, BTreeSet::from(DEPENDENCIES));
}

#[test]
fn only_back_ends_reach_out() {
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
    let sources = SourceTree::of_this_crate();
    for file in sources.files.values().filter(|it| !it.is_root()) {
        // Its own module of that name is no way out.
        let code = file.text.replace("crate::redis::", "");
        let mut lines = code.lines().filter(is_code);
        if lines.any(|line| ways_out.iter().any(|way| line.contains(way))) {
            back_ends.push(file.room().to_owned());
        }
    }
    back_ends.sort();
    back_ends.dedup();
    assert_eq!(back_ends, BACK_ENDS);
}

/// `.deny.local.toml` bans the clients and resolvers with known names. This test finds the others.
#[test]
fn only_back_ends_depend_on_what_reaches_out() {
    let package = package();
    let features = package["features"].as_object().unwrap();
    let names = features.keys().map(String::as_str);
    let others: Vec<_> = names.filter(|it| !BACK_ENDS.contains(it)).collect();
    let compiled = compiled(&others);
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
