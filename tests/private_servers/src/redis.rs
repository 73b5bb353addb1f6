//! A private Redis or Valkey server, on a free loopback port.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::{
    free_port::free_port,
    home::{Home, within_limit},
};

/// How many ports are tried: another program may take a port that was free a moment before.
const PORTS_TRIED: usize = 5;

/// How long a server that starts may take to answer one connection.
const LOOK: Duration = Duration::from_secs(1);

/// A running server, which writes nothing to the disk. It ends when this value is dropped.
pub struct PrivateRedis {
    port: u16,
    home: Home,
    options: Vec<String>,
    server: Option<Child>,
}

impl PrivateRedis {
    /// Starts a server.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with more options.
    pub fn start_with(options: &[&str]) -> Self {
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

    /// The port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The URL of the server.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Stops the server as an operator does.
    pub fn stop(&mut self) {
        let server = self.server.as_ref().expect("the server runs");
        self.home.signal("TERM", &[server.id().to_string()]);
        self.wait();
    }

    /// Kills the server, as a crash does.
    pub fn kill(&mut self) {
        self.home.kill();
        self.wait();
    }

    /// Halts the server until it is resumed. Its connections stay open.
    pub fn pause(&self) {
        self.home.pause();
    }

    /// Lets the server go on.
    pub fn resume(&self) {
        self.home.resume();
    }

    /// Starts the server again on the same port, without data. Stops it first if it still runs.
    pub fn restart(&mut self) {
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
            // A signal to the test's process group, as from a terminal, must not reach the server.
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

    /// Whether the process with this id answers on the port. Another program could answer there.
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
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../servers/install.sh");
    let found = Command::new(script)
        .args(["--find", "redis"])
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&found.stderr);
    assert!(found.status.success(), "{complaint}");
    String::from_utf8(found.stdout).unwrap().trim().to_owned()
}
