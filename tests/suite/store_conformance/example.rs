//! The store that the example `custom_store` shows.

#[path = "../../support/example_binary.rs"]
mod example_binary;

#[expect(dead_code, reason = "a test has a `main` of its own")]
#[path = "../../../examples/custom_store.rs"]
mod custom_store;

use std::process::Command;

pub(super) use custom_store::MyStore;
use example_binary::binary;

/// How long the whole example may be: whoever writes a store reads it.
const MAX_LINES: usize = 111;

#[test]
fn the_example_is_read_in_one_go() {
    let text = include_str!("../../../examples/custom_store.rs");
    let lines = text.lines().count();
    assert!(lines <= MAX_LINES, "{lines} lines");
}

#[test]
fn the_example_runs_and_passes() {
    let output = Command::new(binary("custom_store")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stdout, b"every rule of the contract holds\n");
}
