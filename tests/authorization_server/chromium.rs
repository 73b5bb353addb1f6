//! Chromium, driven by the scripts of `tests/clients`.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::installed::clients;

/// Runs a script of `tests/clients` that prints what a browser recorded.
pub(crate) fn drive<const N: usize>(script: &str, arguments: [&OsStr; N]) -> Value {
    let mut node = Command::new("node");
    let output = node.arg(clients().join(script)).args(arguments).output();
    let output = output.unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    serde_json::from_slice(&output.stdout).expect("the script prints one line of JSON")
}

/// The folder for pictures of pages.
pub(crate) fn screenshots() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Panics unless the picture exists and is not blank.
#[track_caller]
pub(crate) fn assert_is_picture(folder: &Path, name: &str) {
    let picture = fs::read(folder.join(format!("{name}.png"))).unwrap();
    let is_picture = picture.starts_with(b"\x89PNG") && picture.len() > 5_000;
    assert!(is_picture, "{name}");
}
