//! Descriptions of crates in JSON, written by rustdoc.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command},
    sync::atomic::{AtomicUsize, Ordering},
};

use serde_json::Value;

/// The Rust whose rustdoc describes the crate: another release may write another format, and names
/// items of the standard library differently.
const RUST: &str = "1.95.0";
const FORMAT: u64 = 57;

/// rustdoc leaves hidden items out unless it is told otherwise, though users can use them.
const OPTIONS: [&str; 4] = [
    "-Zunstable-options",
    "--output-format=json",
    "--document-hidden-items",
    "--cap-lints=allow",
];

/// The folder of the workspace.
fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The file that describes `oauth-dcr` with these features and no others.
///
/// # Panics
///
/// If the crate cannot be documented, or if Rust 1.95 is not installed.
#[must_use]
pub fn describe(features: &str) -> PathBuf {
    let mark = mark();
    let mut command = program("cargo");
    command
        .args(["rustdoc", "--locked", "--quiet", "--lib"])
        .args(["--package", "oauth-dcr", "--no-default-features"])
        .args(["--features", features, "--"])
        .args(OPTIONS)
        // A new version each time, or else cargo may leave the file of other features there.
        .args(["--crate-version", &mark])
        .env("RUSTDOC", workspace().join("tests/public_api/rustdoc.sh"));
    run(&mut command);
    let file = target_directory().join("doc/oauth_dcr.json");
    assert_is_readable(&file, &mark);
    file
}

/// The file that describes a crate of one file, which is written into `folder`.
///
/// # Panics
///
/// If the crate cannot be documented, or if Rust 1.95 is not installed.
#[must_use]
pub fn describe_file(source: &Path, folder: &Path) -> PathBuf {
    let mark = mark();
    let mut command = program("rustdoc");
    command
        .arg(source)
        .args(OPTIONS)
        .args(["--edition=2024", "--crate-version", &mark, "--out-dir"])
        .arg(folder)
        .env("RUSTC_BOOTSTRAP", "1");
    run(&mut command);
    let name = source.file_stem().expect("a file has a name");
    let file = folder.join(name).with_extension("json");
    assert_is_readable(&file, &mark);
    file
}

/// A version that no other description has.
fn mark() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{}-{count}", process::id())
}

/// A program of Rust 1.95: the default one, or else the one that rustup has.
fn program(name: &str) -> Command {
    let mut version = Command::new("rustc");
    let version = version.current_dir(workspace()).arg("--version").output();
    let version = version.expect("rustc can be started").stdout;
    let (release, _) = RUST.rsplit_once('.').expect("three numbers");
    let is_default = version.starts_with(format!("rustc {release}.").as_bytes());
    let mut command = if is_default {
        Command::new(name)
    } else {
        let mut rustup = Command::new("rustup");
        rustup.args(["run", RUST, name]);
        rustup
    };
    command.current_dir(workspace());
    command
}

fn run(command: &mut Command) {
    let output = command.output();
    let complaint = match &output {
        Ok(output) if output.status.success() => return,
        Ok(output) => String::from_utf8_lossy(&output.stderr),
        Err(error) => error.to_string().into(),
    };
    panic!(
        "{command:?}\n{complaint}\n\
         The public items are listed with Rust {RUST}. If it is missing: rustup toolchain install {RUST}"
    );
}

fn target_directory() -> PathBuf {
    metadata()["target_directory"]
        .as_str()
        .expect("a path")
        .into()
}

/// What cargo says about the members of the workspace.
pub(crate) fn metadata() -> Value {
    let mut command = program("cargo");
    command.args(["metadata", "--locked", "--no-deps", "--format-version=1"]);
    let output = command.output().expect("cargo can be started");
    serde_json::from_slice(&output.stdout).expect("cargo prints JSON")
}

/// Fails if the file has another format, or if another process has just replaced it.
fn assert_is_readable(file: &Path, mark: &str) {
    let text = fs::read_to_string(file).expect("rustdoc has written the file");
    let description: Value = serde_json::from_str(&text).expect("rustdoc writes JSON");
    assert_eq!(description["format_version"], FORMAT);
    assert_eq!(
        description["crate_version"],
        mark,
        "another process has replaced {}: run the test again",
        file.display()
    );
}
