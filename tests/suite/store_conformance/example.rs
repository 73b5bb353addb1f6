//! The store that the example `custom_store` shows.

#[path = "../../support/example_binary.rs"]
mod example_binary;

#[expect(dead_code, reason = "a test has a `main` of its own")]
#[path = "../../../examples/custom_store.rs"]
mod custom_store;

use std::process::Command;

pub(super) use custom_store::MyStore;
use example_binary::binary;

/// The maximum length of the store, without its run through the suite: authors of stores read it.
/// Eight methods take about 15 lines each; the longest is `insert`, which has four outcomes to
/// report.
const MAX_LINES_OF_CODE: usize = 127;

#[test]
fn the_example_is_short() {
    let text = include_str!("../../../examples/custom_store.rs");
    let (store, _) = text.split_once("#[tokio::main]").unwrap();
    let is_code = |line: &&str| {
        let line = line.trim_start();
        !line.is_empty() && !line.starts_with("//") && !line.starts_with("use ")
    };
    let lines = store.lines().filter(is_code).count();
    assert!(lines <= MAX_LINES_OF_CODE, "{lines} lines");
}

#[test]
fn the_example_runs_and_passes() {
    let output = Command::new(binary("examples/custom_store"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stdout, b"every rule of the contract holds\n");
}
