//! The server in a separate process.

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Lines},
    net::SocketAddr,
    process::{Child, ChildStdout, Command, Stdio},
};

/// Makes a test that runs in a separate process the server of another test.
const SERVER: &str = "OAUTH_DCR_SLOW_SERVER";

/// The prefix of the line with the server's address, which tells it from lines of the test harness.
const MARK: &str = "listening on ";

/// Whether this process is the server.
pub(crate) fn is_server() -> bool {
    env::var_os(SERVER).is_some()
}

/// In the server: prints its address.
pub(crate) fn announce(address: SocketAddr) {
    println!("{MARK}{address}");
}

/// A server that ends when this value is dropped.
pub(crate) struct Process {
    child: Child,
    address: SocketAddr,
    /// Keeps the pipe open, so that the server can still print.
    _lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts the test `this` of this program as a server.
    pub(crate) fn start(this: &str) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", this, "--nocapture"])
            .env(SERVER, "1")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, address) = line.split_once(MARK)?;
            address.parse().ok()
        });
        let address = address.expect("the server says where it listens");
        Self {
            child,
            address,
            _lines: lines,
        }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// A line of the system's report on the server's memory, in bytes.
    pub(crate) fn memory(&self, name: &str) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let mut lines = status.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let kib = value.and_then(|it| it.trim().strip_suffix(" kB"));
        let kib: usize = kib.expect("a number of KiB").parse().unwrap();
        kib * 1024
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
