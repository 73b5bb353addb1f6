//! A Redis or Valkey server of a test's own.
#![allow(dead_code, reason = "each test uses some of it")]

use std::{
    fs,
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::private_home::{Home, within_limit};

/// How often a port that was free a moment ago may be another's now.
const PORTS_TRIED: usize = 5;

/// How long one look at a server that starts may take.
const LOOK: Duration = Duration::from_secs(1);

/// A running server on a loopback port, which keeps nothing and ends when it is dropped.
pub(crate) struct PrivateRedis {
    port: u16,
    home: Home,
    options: Vec<String>,
    server: Option<Child>,
}

impl PrivateRedis {
    /// Starts one on a free port.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with these options, too.
    pub(crate) fn start_with(options: &[&str]) -> Self {
        let mut redis = Self {
            port: 0,
            home: Home::new("oauth-dcr-redis"),
            options: options.iter().map(|&option| option.to_owned()).collect(),
            server: None,
        };
        for _ in 0..PORTS_TRIED {
            redis.port = free_port();
            if redis.launch() {
                return redis;
            }
        }
        panic!(
            "no server answers on any port; the last said:\n{}",
            redis.log()
        );
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Ends the server as its operator would.
    pub(crate) fn stop(&mut self) {
        let server = self.server.as_ref().expect("the server runs");
        self.home.signal("TERM", &[server.id().to_string()]);
        self.wait();
    }

    /// Ends the server as a crash would.
    pub(crate) fn kill(&mut self) {
        self.home.kill();
        self.wait();
    }

    /// Lets the server stand still, with its connections open, until it is resumed.
    pub(crate) fn pause(&self) {
        self.home.pause();
    }

    pub(crate) fn resume(&self) {
        self.home.resume();
    }

    /// Starts it again on the same port, empty, after it has ended or instead.
    pub(crate) fn restart(&mut self) {
        if self.server.is_some() {
            self.stop();
        }
        assert!(
            self.launch(),
            "the server does not start again:\n{}",
            self.log()
        );
    }

    /// Starts the program, and waits until it answers or has ended.
    fn launch(&mut self) -> bool {
        let mut command = self.home.command(program());
        command
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string()])
            .args(["--save", "", "--appendonly", "no", "--daemonize", "no"])
            .args(["--logfile", "log", "--dir", "."])
            .args(&self.options)
            // A signal to the test's group, as from a terminal, is not for the server.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut server = command.spawn().unwrap();
        let id = server.id();
        let started = within_limit(|| {
            let has_ended = server.try_wait().unwrap().is_some();
            (has_ended || self.answers(id).unwrap_or(false)).then_some(!has_ended)
        });
        self.server = Some(server);
        started.expect("the server answers")
    }

    /// Whether the process with this id answers on the port, and not another one.
    fn answers(&self, id: u32) -> io::Result<bool> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let mut stream = TcpStream::connect_timeout(&address, LOOK)?;
        stream.set_read_timeout(Some(LOOK))?;
        stream.write_all(b"INFO server\r\nQUIT\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.contains(&format!("process_id:{id}\r\n")))
    }

    fn wait(&mut self) {
        let mut server = self.server.take().expect("the server runs");
        let ended = within_limit(|| server.try_wait().unwrap());
        assert!(ended.is_some(), "the server does not end:\n{}", self.log());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.home.directory.join("log")).unwrap_or_default()
    }
}

impl Drop for PrivateRedis {
    fn drop(&mut self) {
        self.home.leave();
        if let Some(server) = &mut self.server {
            let _ = server.wait();
        }
    }
}

/// The program that `tests/servers/install.sh` installs.
fn program() -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/install.sh");
    let found = Command::new(script)
        .args(["--find", "redis"])
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&found.stderr);
    assert!(found.status.success(), "{complaint}");
    String::from_utf8(found.stdout).unwrap().trim().to_owned()
}

/// A port that nobody listens on at this moment.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
