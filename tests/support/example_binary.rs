//! The paths of the examples' binaries.

use std::{env, path::PathBuf};

/// A binary beside the `deps` folder that the test was started from: `authorization-server`, or an example
/// such as `examples/axum`.
pub(crate) fn binary(path: &str) -> PathBuf {
    let test = env::current_exe().unwrap();
    let profile = test.parent().and_then(|deps| deps.parent()).unwrap();
    let binary = profile.join(format!("{path}{}", env::consts::EXE_SUFFIX));
    assert!(
        binary.exists(),
        "run `cargo build -p oauth-dcr -p authorization-server --all-features --bins --examples` first"
    );
    binary
}
