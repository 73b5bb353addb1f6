//! The package as `Cargo.toml` describes it.

use std::{collections::BTreeSet, env, process::Command};

use serde_json::Value;

/// The part of `cargo metadata` about this package.
pub(crate) fn package() -> Value {
    let metadata = metadata();
    // The other members of the workspace are tests.
    let own = &metadata["workspace_default_members"][0];
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|it| it["id"] == *own);
    package.unwrap().clone()
}

/// The names of all packages of the workspace.
pub(crate) fn members() -> BTreeSet<String> {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let names = packages.map(|it| it["name"].as_str().unwrap().to_owned());
    names.collect()
}

/// The targets of all packages of the workspace.
pub(crate) fn targets() -> Vec<Value> {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let targets = packages.iter().map(|it| it["targets"].as_array().unwrap());
    targets.flatten().cloned().collect()
}

fn metadata() -> Value {
    let text = cargo(&["metadata", "--format-version=1", "--no-deps"]);
    serde_json::from_str(&text).unwrap()
}

/// A crate that is compiled into a program with this crate.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Compiled {
    pub(crate) name: String,
    pub(crate) features: BTreeSet<String>,
}

/// All crates that are compiled with exactly these features, including this crate.
pub(crate) fn compiled(features: &[&str]) -> BTreeSet<Compiled> {
    let features = format!("--features={}", features.join(","));
    let choice = ["--no-default-features", &features];
    let shown = ["--edges=normal", "--prefix=none", "--no-dedupe"];
    let format = "--format={p}|{f}";
    let tree = cargo(&[&["tree", format], &choice[..], &shown].concat());
    let compiled = |line: &str| {
        let (package, features) = line.split_once('|').unwrap();
        let features = features.split(',').map(str::to_owned);
        Compiled {
            name: package.split(' ').next().unwrap().to_owned(),
            features: features.collect(),
        }
    };
    tree.lines().map(compiled).collect()
}

/// The output of cargo, without network access.
fn cargo(arguments: &[&str]) -> String {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let output = Command::new(cargo)
        .args(arguments)
        .args(["--offline", "--manifest-path", manifest])
        .output()
        .unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaints}");
    String::from_utf8(output.stdout).unwrap()
}
