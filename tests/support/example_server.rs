//! An example as a separate process: the authorization server, or another server.
#![allow(dead_code, reason = "each test uses some of it")]

#[path = "example_binary.rs"]
pub(crate) mod example_binary;

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{self, Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, Receiver},
    },
    thread,
    time::Duration,
};

use example_binary::binary;
use serde_json::Value;

/// The time limit for the start of the server.
const START_LIMIT: Duration = Duration::from_secs(10);

/// The time limit for the end of the server after a signal.
const END_LIMIT: Duration = Duration::from_secs(5);

/// The interval of checks whether the server has ended.
const POLL: Duration = Duration::from_millis(10);

/// A running example server, which ends when this value is dropped.
pub(crate) struct ExampleServer {
    /// `http://ADDRESS:PORT`.
    pub(crate) base: String,
    process: Child,
}

impl ExampleServer {
    /// Starts the server on a free loopback port, with its own defaults or with a settings
    /// document. It asks nobody for consent, because scripts can not answer.
    pub(crate) fn start(settings: Option<&Value>) -> Self {
        Self::start_with(settings, &["--auto-approve"])
    }

    /// Starts the server with these options; clients are stored in memory unless the options name a
    /// store.
    pub(crate) fn start_with(settings: Option<&Value>, options: &[&str]) -> Self {
        Self::start_logged(settings, options, Stdio::inherit())
    }

    /// Starts the server at this address. It asks nobody for consent.
    pub(crate) fn start_at(address: &str, settings: &Value) -> Self {
        let options = ["--auto-approve"];
        Self::start_listening(address, Some(settings), &options, Stdio::inherit())
    }

    /// Like [`start_with`](Self::start_with), but writes its standard error, which is its log,
    /// elsewhere.
    pub(crate) fn start_logged(settings: Option<&Value>, options: &[&str], log: Stdio) -> Self {
        Self::start_listening("127.0.0.1:0", settings, options, log)
    }

    fn start_listening(
        address: &str,
        settings: Option<&Value>,
        options: &[&str],
        log: Stdio,
    ) -> Self {
        let settings = settings.map(SettingsFile::write);
        let mut command = Command::new(binary("authorization-server"));
        command.args(["--listen", address]).args(options);
        if !options.contains(&"--store") {
            command.args(["--store", "memory"]);
        }
        if let Some(file) = &settings {
            command.arg("--settings").arg(&file.0);
        }
        command.stderr(log);
        Self::run(command)
    }

    /// Starts the example of this name, which takes the address to listen on as its argument.
    pub(crate) fn named(example: &str) -> Self {
        let mut command = Command::new(binary(&format!("examples/{example}")));
        command.arg("127.0.0.1:0");
        Self::run(command)
    }

    /// Waits for the first line, which contains the server's address.
    fn run(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = lines(process.stdout.take().unwrap());
        let mut server = Self {
            base: String::new(),
            process,
        };
        let first = lines.recv_timeout(START_LIMIT);
        let first = first.expect("the server says where it listens");
        let base = first.strip_prefix("listening on ");
        base.expect("the first line is the address")
            .clone_into(&mut server.base);
        server
    }

    /// Sends SIGTERM. Returns `None` if the server still runs after the limit.
    pub(crate) fn terminate(&mut self) -> Option<ExitStatus> {
        self.request_end();
        self.wait()
    }

    /// Sends SIGTERM, and does not wait.
    pub(crate) fn request_end(&self) {
        let kill = format!("kill -TERM {}", self.process.id());
        let sent = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(sent.success(), "SIGTERM was not sent");
    }

    /// Kills the server, so that it can not clean up.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// The id of its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// The exit status. `None` if the server still runs after the limit.
    pub(crate) fn wait(&mut self) -> Option<ExitStatus> {
        let polls = END_LIMIT.as_millis() / POLL.as_millis();
        for _ in 0..polls {
            if let Some(status) = self.process.try_wait().unwrap() {
                return Some(status);
            }
            thread::sleep(POLL);
        }
        None
    }
}

impl Drop for ExampleServer {
    fn drop(&mut self) {
        let has_ended = matches!(self.process.try_wait(), Ok(Some(_)));
        if !has_ended && self.terminate().is_none() {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }
}

/// Reads everything that the server prints, because the server would stop if its standard output
/// were closed.
fn lines(stdout: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}

/// A settings document on disk while the server reads it.
struct SettingsFile(PathBuf);

impl SettingsFile {
    fn write(settings: &Value) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("oauth-dcr-{}-{number}.json", process::id());
        let file = Self(env::temp_dir().join(name));
        fs::write(&file.0, settings.to_string()).unwrap();
        file
    }
}

impl Drop for SettingsFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
