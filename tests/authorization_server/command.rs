//! The example server as a command that ends by itself.

use std::{
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

use crate::{example_server::example_binary::binary, temporary::TemporaryDir};

const POLL: Duration = Duration::from_millis(10);

/// A command may take 20 seconds.
const MAX_POLLS: u32 = 2_000;

/// What a command has printed, and its exit code.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the example with these arguments until it ends.
pub(crate) fn run<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> Ended {
    let mut command = Command::new(binary("authorization_server"));
    command.args(arguments);
    end_of(command)
}

fn end_of(mut command: Command) -> Ended {
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let Output {
        status,
        stdout,
        stderr,
    } = output_of(child);
    Ended {
        code: status.code(),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

/// What it prints is less than a pipe holds.
fn output_of(mut child: Child) -> Output {
    for _ in 0..MAX_POLLS {
        if child.try_wait().unwrap().is_some() {
            return child.wait_with_output().unwrap();
        }
        thread::sleep(POLL);
    }
    let _ = child.kill();
    panic!("the command does not end: {:?}", child.wait_with_output());
}

/// A file of this content in a folder of its own.
pub(crate) struct File {
    folder: TemporaryDir,
    name: &'static str,
}

impl File {
    pub(crate) fn write(name: &'static str, content: impl AsRef<[u8]>) -> Self {
        let file = Self {
            folder: TemporaryDir::new(),
            name,
        };
        std::fs::write(file.path(), content).unwrap();
        file
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join(self.name)
    }

    pub(crate) fn text(&self) -> String {
        self.path().to_str().unwrap().to_owned()
    }
}
