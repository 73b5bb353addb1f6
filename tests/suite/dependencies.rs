//! What the crate depends on, and what of it reaches out of the process.

use std::collections::BTreeSet;

use crate::{
    package::{compiled, package},
    source_tree::SourceTree,
};

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
