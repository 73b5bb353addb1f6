//! A Redis or Valkey server of a test's own.
#![allow(dead_code, reason = "each test uses some of it")]

use std::{
    env, fs,
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::{
        fs::{MetadataExt as _, chown},
        process::CommandExt as _,
    },
    path::PathBuf,
    process::{self, Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

/// How long the server may take to answer, and to end.
const LIMIT: Duration = Duration::from_secs(20);

/// How often a server that starts or ends is looked at.
const POLL: Duration = Duration::from_millis(5);

/// How often a port that was free a moment ago may be another's now.
const PORTS_TRIED: usize = 5;

/// Whom the server runs as where the test is root: `nobody`.
const NOBODY: u32 = 65534;

/// A running server on a loopback port, which keeps nothing and ends when it is dropped.
#[derive(Debug)]
pub(crate) struct PrivateRedis {
    port: u16,
    folder: PathBuf,
    options: Vec<String>,
    process: Option<Child>,
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
            folder: fresh_folder(),
            options: options.iter().map(|&option| option.to_owned()).collect(),
            process: None,
        };
        for _ in 0..PORTS_TRIED {
            redis.port = free_port();
            if redis.launch().is_ok() {
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
        self.signal("TERM");
        self.wait();
    }

    /// Ends the server as a crash would.
    pub(crate) fn kill(&mut self) {
        self.signal("KILL");
        self.wait();
    }

    /// Lets the server stand still, with its connections open, until it is resumed.
    pub(crate) fn pause(&self) {
        self.signal("STOP");
    }

    pub(crate) fn resume(&self) {
        self.signal("CONT");
    }

    /// Starts it again on the same port, empty, after it has ended or instead.
    pub(crate) fn restart(&mut self) {
        if self.process.is_some() {
            self.stop();
        }
        if let Err(error) = self.launch() {
            panic!("the server does not start again: {error}\n{}", self.log());
        }
    }

    /// Starts the program and waits until it answers.
    fn launch(&mut self) -> io::Result<()> {
        let mut child = self.command(server_program()).spawn()?;
        let deadline = Instant::now() + LIMIT;
        loop {
            if let Some(status) = child.try_wait()? {
                return Err(io::Error::other(format!("it ended with {status}")));
            }
            if self.answers(child.id()).unwrap_or(false) {
                self.process = Some(child);
                return Ok(());
            }
            if Instant::now() > deadline {
                child.kill()?;
                child.wait()?;
                return Err(io::ErrorKind::TimedOut.into());
            }
            thread::sleep(POLL);
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string()])
            .args(["--save", "", "--appendonly", "no", "--daemonize", "no"])
            .args(["--logfile", "log", "--dir"])
            .arg(&self.folder)
            .args(&self.options)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    /// Whether the process with this id answers on the port, and not another one.
    fn answers(&self, id: u32) -> io::Result<bool> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.write_all(b"INFO server\r\nQUIT\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.contains(&format!("process_id:{id}\r\n")))
    }

    fn signal(&self, signal: &str) {
        let child = self.process.as_ref().expect("the server runs");
        let kill = format!("kill -{signal} {}", child.id());
        let sent = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(sent.success(), "SIG{signal} was not sent");
    }

    fn wait(&mut self) {
        let mut child = self.process.take().expect("the server runs");
        let deadline = Instant::now() + LIMIT;
        while child.try_wait().unwrap().is_none() {
            if Instant::now() > deadline {
                let _ = child.kill();
                let _ = child.wait();
                panic!("the server does not end:\n{}", self.log());
            }
            thread::sleep(POLL);
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for PrivateRedis {
    fn drop(&mut self) {
        if let Some(mut child) = self.process.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The first of the two servers that is installed.
fn server_program() -> &'static str {
    let is_there = |program: &&str| {
        let mut version = Command::new(program);
        version.arg("--version").stdout(Stdio::null());
        version.status().is_ok_and(|status| status.success())
    };
    let programs = ["redis-server", "valkey-server"];
    let found = programs.into_iter().find(is_there);
    found.expect(
        "neither redis-server nor valkey-server is installed: `apt-get install redis-server`",
    )
}

/// A port that nobody listens on at this moment.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn fresh_folder() -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = env::temp_dir().join(format!("oauth-dcr-redis-{}-{number}", process::id()));
    fs::create_dir(&folder).unwrap();
    if is_root() {
        chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    folder
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}
