//! The store that the example `custom_store` shows.

#[expect(dead_code, reason = "a test has a `main` of its own")]
#[path = "../../../examples/custom_store.rs"]
mod custom_store;

pub(super) use custom_store::MyStore;

/// How long the whole example may be: whoever writes a store reads it.
const MAX_LINES: usize = 111;

#[test]
fn the_example_is_read_in_one_go() {
    let text = include_str!("../../../examples/custom_store.rs");
    let lines = text.lines().count();
    assert!(lines <= MAX_LINES, "{lines} lines");
}
