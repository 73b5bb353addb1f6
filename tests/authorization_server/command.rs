//! The example server as a command that ends by itself.

use std::{
    io::Read,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    thread::{self, JoinHandle},
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
    let mut command = Command::new(binary("authorization-server"));
    command.args(arguments);
    end_of(command)
}

fn end_of(mut command: Command) -> Ended {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Threads read the output, because a command stops when a pipe is full.
    let stdout = text_of(child.stdout.take().unwrap());
    let stderr = text_of(child.stderr.take().unwrap());
    let status = status_of(&mut child);
    let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
    let Some(status) = status else {
        panic!("the command does not end: {stdout}{stderr}");
    };
    Ended {
        code: status.code(),
        stdout,
        stderr,
    }
}

fn text_of(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).unwrap();
        text
    })
}

/// How the command ended. `None` if it had to be killed.
fn status_of(child: &mut Child) -> Option<ExitStatus> {
    for _ in 0..MAX_POLLS {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        thread::sleep(POLL);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

/// A file with this content in a new folder.
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
