//! A PostgreSQL server of a test's own: on a free loopback port, with data that nobody else has.
#![allow(dead_code, reason = "each test uses some of it")]

use std::{
    fs::{self, File},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    ops::RangeInclusive,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

use crate::{
    free_port::free_port,
    private_home::{Home, random_name, within_limit},
};

/// How many ports are tried. Each was free a moment before.
const PORT_TRIES: usize = 20;

/// Where no client's end of a connection is put, so that the port is still free at a restart.
const PORTS: RangeInclusive<u16> = 20_000..=32_000;

const CLUSTER: [&str; 5] = [
    "--username=postgres",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--no-locale",
    "--no-sync",
];

const SETTINGS: [&str; 5] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    "fsync=on",
    // Its files go with the data even when the server is killed.
    "dynamic_shared_memory_type=mmap",
];

/// A running server. It ends, and its files go, when this is dropped or the test's process ends,
/// in whatever way: it may be kept in a `static`.
pub(crate) struct PrivatePostgres {
    home: Home,
    programs: PathBuf,
    password: String,
    port: u16,
    postmaster: Option<Child>,
    databases: AtomicUsize,
}

impl PrivatePostgres {
    /// Starts it. Panics with the server's log if it doesn't.
    pub(crate) fn start() -> Self {
        let programs = programs();
        let home = Home::new("oauth-dcr-postgres");
        let password = fill(&home, &programs);
        Self::start_in(home, programs, password)
    }

    /// Starts a server that follows this one and answers reads, until it is promoted.
    pub(crate) fn start_standby(&self) -> Self {
        let home = Home::new("oauth-dcr-postgres");
        let mut backup = self.client("pg_basebackup");
        backup.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync"]);
        run(backup.arg("--pgdata").arg(data(&home)));
        Self::start_in(home, self.programs.clone(), self.password.clone())
    }

    /// Starts it on the data in its home.
    fn start_in(home: Home, programs: PathBuf, password: String) -> Self {
        let mut server = Self {
            home,
            programs,
            password,
            port: 0,
            postmaster: None,
            databases: AtomicUsize::new(0),
        };
        for _ in 0..PORT_TRIES {
            server.port = free_port(&PORTS);
            match server.launch() {
                Ok(()) => return server,
                // Somebody took it in between.
                Err(log) if log.contains("Address already in use") => {}
                Err(log) => panic!("PostgreSQL doesn't start:\n{log}"),
            }
        }
        panic!("PostgreSQL found no free port");
    }

    /// The URL of the database that is always there.
    pub(crate) fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The URL of a new, empty database, so that tests can share a server.
    pub(crate) fn create_database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{number}");
        run(self.client("createdb").arg(&name));
        self.url_of(&name)
    }

    /// Where its data and its log are.
    pub(crate) fn directory(&self) -> &Path {
        &self.home.directory
    }

    /// Starts it on the same port and data, after ending it in an orderly way if it still runs.
    pub(crate) fn restart(&mut self) {
        if self.postmaster.is_some() {
            self.stop();
        }
        if let Err(log) = self.launch() {
            panic!("PostgreSQL doesn't start again:\n{log}");
        }
    }

    /// From its next start on it is a standby, which follows no server.
    pub(crate) fn make_standby(&self) {
        run(self
            .home
            .command("touch")
            .arg(data(&self.home).join("standby.signal")));
    }

    /// Ends it in an orderly way; its connections are closed.
    pub(crate) fn stop(&mut self) {
        let mut postmaster = self.postmaster.take().expect("the server runs");
        let id = postmaster.id().to_string();
        self.resume();
        self.home.signal("INT", &[id]);
        let ended = within_limit(|| postmaster.try_wait().unwrap());
        let status = ended.expect("PostgreSQL ends when it is told to");
        assert!(status.success(), "PostgreSQL ended with {status}");
    }

    /// Ends all its processes where they are, with no chance to tidy up.
    pub(crate) fn kill(&mut self) {
        let mut postmaster = self.postmaster.take().expect("the server runs");
        self.home.kill();
        let ended = within_limit(|| postmaster.try_wait().unwrap());
        ended.expect("PostgreSQL ends when it is killed");
    }

    /// Halts all its processes: connections stay open, new ones are taken by the kernel, and
    /// nothing is answered.
    pub(crate) fn pause(&self) {
        self.home.pause();
    }

    /// Lets all its processes go on.
    pub(crate) fn resume(&self) {
        self.home.resume();
    }

    /// A client program of PostgreSQL, with the arguments that lead to this server.
    fn client(&self, name: &str) -> Command {
        let mut client = self.home.command(self.programs.join(name));
        client.args(["--host=127.0.0.1", "--username=postgres"]);
        client.arg(format!("--port={}", self.port));
        client.env("PGPASSWORD", &self.password);
        client
    }

    fn url_of(&self, database: &str) -> String {
        let (password, port) = (&self.password, self.port);
        format!("postgres://postgres:{password}@127.0.0.1:{port}/{database}")
    }

    /// Starts the server, until it takes connections. The error is its log.
    fn launch(&mut self) -> Result<(), String> {
        let data = data(&self.home);
        let log = self.home.directory.join("log");
        let output = File::create(&log).unwrap();
        let mut command = self.home.command(self.programs.join("postgres"));
        command.arg("-D").arg(&data);
        command.args(["-p", &self.port.to_string()]);
        command.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        // A signal to the test's group, as from a terminal, is not for the server.
        command.process_group(0).stdin(Stdio::null());
        command.stdout(output.try_clone().unwrap()).stderr(output);
        let mut postmaster = command.spawn().unwrap();
        let id = postmaster.id().to_string();
        let started = within_limit(|| {
            let has_ended = postmaster.try_wait().unwrap().is_some();
            (has_ended || is_ready(&data, &id)).then_some(!has_ended)
        });
        if started == Some(true) {
            self.postmaster = Some(postmaster);
            return Ok(());
        }
        Err(fs::read_to_string(log).unwrap())
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        self.home.leave();
        if let Some(postmaster) = &mut self.postmaster {
            let _ = postmaster.wait();
        }
    }
}

fn data(home: &Home) -> PathBuf {
    home.directory.join("data")
}

/// Whether the server with this process id takes connections: it says so in its lock file, in whose
/// place that of a killed one may be.
fn is_ready(data: &Path, id: &str) -> bool {
    let lock = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    let lines: Vec<_> = lock.lines().map(str::trim).collect();
    lines.first() == Some(&id) && lines.get(7) == Some(&"ready")
}

/// The folder of the programs that `tests/servers/install.sh` installs.
fn programs() -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/install.sh");
    run(Command::new(script).args(["--find", "postgresql"])).into()
}

/// Puts a new cluster into the directory, and returns the password of its one user. `initdb` takes
/// a while, so it runs once and what it made is copied from then on.
fn fill(home: &Home, programs: &Path) -> String {
    let shelf = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(shelf).unwrap();
    let version = run(Command::new(programs.join("postgres")).arg("--version"));
    let mut hasher = DefaultHasher::new();
    (version, CLUSTER, home.owner).hash(&mut hasher);
    let template = shelf.join(format!("postgres-{:016x}", hasher.finish()));

    let lock = File::create(shelf.join("postgres.lock")).unwrap();
    lock.lock().unwrap();
    if template.exists() {
        copy(&template, &home.directory);
    } else {
        initialise(home, programs);
        // A test that is killed meanwhile leaves no half of a template.
        let unfinished = shelf.join("postgres-unfinished");
        let _ = fs::remove_dir_all(&unfinished);
        copy(&home.directory, &unfinished);
        fs::rename(unfinished, template).unwrap();
    }
    fs::read_to_string(home.directory.join("password")).unwrap()
}

fn initialise(home: &Home, programs: &Path) {
    let password = home.directory.join("password");
    fs::write(&password, random_name()).unwrap();
    let mut initdb = home.command(programs.join("initdb"));
    initdb.args(CLUSTER).arg("-D").arg(data(home));
    run(initdb.arg("--pwfile").arg(password));
}

/// Copies what is in one directory into another, with its owners and modes.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    run(Command::new("cp").arg("-Rp").arg(from.join(".")).arg(to));
}

/// Runs a program to its end. Returns what it prints.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
