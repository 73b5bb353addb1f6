//! The programs that `tests/servers/install.sh` installs.

use std::{path::Path, process::Command};

/// The path of the program with this name.
pub(crate) fn find(name: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/install.sh");
    let found = Command::new(script).args(["--find", name]).output();
    let found = found.expect("bash runs the script");
    let complaint = String::from_utf8_lossy(&found.stderr);
    assert!(found.status.success(), "{complaint}");
    String::from_utf8(found.stdout).unwrap().trim().to_owned()
}
