//! Stored data stays usable, whether it was written by an older build of the crate or by a build
//! with other versions of the dependencies.
//!
//! `tests/minimal_versions.sh` also builds this program with the oldest dependencies, so the
//! program uses no dependency that only tests have.

mod fixed;
mod golden;
mod made;
mod names;
mod read;
mod requests;
mod shapes;
#[path = "../support/temporary.rs"]
mod temporary;
mod write;

use std::{env, path::PathBuf};

use temporary::TemporaryDir;

/// The folder that another build writes or reads.
const FOLDER: &str = "OAUTH_DCR_STORED_DATA";

fn folder() -> PathBuf {
    env::var_os(FOLDER)
        .unwrap_or_else(|| panic!("{FOLDER} names no folder"))
        .into()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(future)
}

#[test]
fn this_build_reads_its_own_data() {
    let folder = TemporaryDir::new();
    // Within one build the names make no difference, so a few are enough.
    let mut names = names::all();
    names.truncate(50);
    block_on(write::write(folder.path(), &names));
    block_on(read::read(folder.path()));
}

#[test]
#[ignore = "tests/minimal_versions.sh names a folder"]
fn write_for_another_build() {
    block_on(write::write(&folder(), &names::all()));
}

#[test]
#[ignore = "tests/minimal_versions.sh names a folder"]
fn read_from_another_build() {
    block_on(read::read(&folder()));
}
