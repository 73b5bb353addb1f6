//! What `tests/clients/install.sh` installs.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// The folder of the installation. Fails if anything is missing or out of date.
pub(crate) fn clients() -> PathBuf {
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    let check = Command::new(clients.join("install.sh"))
        .arg("--check")
        .output();
    let check = check.expect("nothing is installed: run tests/clients/install.sh");
    let complaint = String::from_utf8_lossy(&check.stderr);
    assert!(check.status.success(), "{complaint}");
    clients
}
