//! What the crate depends on, and what of it reaches out of the process.

use crate::{
    package::{compiled, package},
    source_tree::SourceTree,
};

/// The features of back ends.
const BACK_ENDS: [&str; 3] = ["postgres", "redis", "sqlite"];

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
