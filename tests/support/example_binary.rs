//! Where an example's binary lies.

use std::{env, path::PathBuf};

/// `examples` lies beside the `deps` that the test itself was started from.
pub(crate) fn binary(example: &str) -> PathBuf {
    let test = env::current_exe().unwrap();
    let profile = test.parent().and_then(|deps| deps.parent()).unwrap();
    let name = format!("{example}{}", env::consts::EXE_SUFFIX);
    let binary = profile.join("examples").join(name);
    assert!(binary.exists(), "run `cargo build --examples` first");
    binary
}
