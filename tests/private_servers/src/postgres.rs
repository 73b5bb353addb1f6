//! A private PostgreSQL server, on a free loopback port.

use std::{
    env,
    fs::{self, File},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    ops::RangeInclusive,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

use crate::{
    free_port::free_port_in,
    home::{Home, random_name, within_limit},
};

/// How many ports are tried: another program may take a port that was free a moment before.
const PORT_TRIES: usize = 20;

/// The operating system gives clients no port of this range, so the port is still free at a restart.
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
    // The files are removed with the data, even when the server is killed.
    "dynamic_shared_memory_type=mmap",
];

/// A running server. It ends and its files are removed when this value is dropped or when the test's process
/// ends for any reason. So a `static` may hold it.
pub struct PrivatePostgres {
    home: Home,
    programs: PathBuf,
    password: String,
    port: u16,
    postmaster: Option<Child>,
    databases: AtomicUsize,
}

impl PrivatePostgres {
    /// Starts a server. Panics with the server's log if the server doesn't start.
    pub fn start() -> Self {
        let programs = programs();
        let home = Home::new("oauth-dcr-postgres");
        let password = fill(&home, &programs);
        Self::start_in(home, programs, password)
    }

    /// Starts a server that follows this one and answers reads, until it is promoted.
    #[must_use]
    pub fn start_standby(&self) -> Self {
        let home = Home::new("oauth-dcr-postgres");
        let mut backup = self.client("pg_basebackup");
        backup.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync"]);
        run(backup.arg("--pgdata").arg(data(&home)));
        Self::start_in(home, self.programs.clone(), self.password.clone())
    }

    /// Starts a server on the data in `home`.
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
            server.port = free_port_in(&PORTS);
            match server.launch() {
                Ok(()) => return server,
                // Somebody took it in between.
                Err(log) if log.contains("Address already in use") => {}
                Err(log) => panic!("PostgreSQL doesn't start:\n{log}"),
            }
        }
        panic!("PostgreSQL found no free port");
    }

    /// The URL of the database that every server has.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The URL of a new, empty database, so that tests can share a server.
    pub fn create_database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{number}");
        run(self.client("createdb").arg(&name));
        self.url_of(&name)
    }

    /// The directory with the data and the log.
    pub fn directory(&self) -> &Path {
        &self.home.directory
    }

    /// Starts the server again on the same port and data. Stops it first if it still runs.
    pub fn restart(&mut self) {
        if self.postmaster.is_some() {
            self.stop();
        }
        if let Err(log) = self.launch() {
            panic!("PostgreSQL doesn't start again:\n{log}");
        }
    }

    /// Makes the server a standby that follows no server, from its next start on.
    pub fn make_standby(&self) {
        run(self
            .home
            .command("touch")
            .arg(data(&self.home).join("standby.signal")));
    }

    /// Stops the server in an orderly way, which closes its connections.
    pub fn stop(&mut self) {
        let mut postmaster = self.postmaster.take().expect("the server runs");
        let id = postmaster.id().to_string();
        self.resume();
        self.home.signal("INT", &[id]);
        let ended = within_limit(|| postmaster.try_wait().unwrap());
        let status = ended.expect("PostgreSQL ends when it is told to");
        assert!(status.success(), "PostgreSQL ended with {status}");
    }

    /// Kills all processes of the server.
    pub fn kill(&mut self) {
        let mut postmaster = self.postmaster.take().expect("the server runs");
        self.home.kill();
        let ended = within_limit(|| postmaster.try_wait().unwrap());
        ended.expect("PostgreSQL ends when it is killed");
    }

    /// Halts all processes of the server. Connections stay open, the kernel accepts new connections, and nothing
    /// answers.
    pub fn pause(&self) {
        self.home.pause();
    }

    /// Lets all processes of the server go on.
    pub fn resume(&self) {
        self.home.resume();
    }

    /// A client program of PostgreSQL, with the arguments that connect it to this server.
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

    /// Starts the server, and waits until it accepts connections. The error is the server's log.
    fn launch(&mut self) -> Result<(), String> {
        let data = data(&self.home);
        let log = self.home.directory.join("log");
        let output = File::create(&log).unwrap();
        let mut command = self.home.command(self.programs.join("postgres"));
        command.arg("-D").arg(&data);
        command.args(["-p", &self.port.to_string()]);
        command.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        // A signal to the test's process group, as from a terminal, must not reach the server.
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

/// Whether the server with this process id accepts connections: its lock file says so. The lock file of a
/// killed server has another process id.
fn is_ready(data: &Path, id: &str) -> bool {
    let lock = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    let lines: Vec<_> = lock.lines().map(str::trim).collect();
    lines.first() == Some(&id) && lines.get(7) == Some(&"ready")
}

/// The folder of the programs that `tests/servers/install.sh` installs.
fn programs() -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../servers/install.sh");
    run(Command::new(script).args(["--find", "postgresql"])).into()
}

/// Puts a new cluster into the directory, and returns the password of its one user. `initdb` is slow, so it
/// runs once: later calls copy its result.
fn fill(home: &Home, programs: &Path) -> String {
    let templates = templates();
    fs::create_dir_all(&templates).unwrap();
    let version = run(Command::new(programs.join("postgres")).arg("--version"));
    let mut hasher = DefaultHasher::new();
    (version, CLUSTER, home.owner).hash(&mut hasher);
    let template = templates.join(format!("postgres-{:016x}", hasher.finish()));

    let lock = File::create(templates.join("postgres.lock")).unwrap();
    lock.lock().unwrap();
    if template.exists() {
        copy(&template, &home.directory);
    } else {
        initialise(home, programs);
        // A test that is killed here must not leave half a template.
        let unfinished = templates.join("postgres-unfinished");
        let _ = fs::remove_dir_all(&unfinished);
        copy(&home.directory, &unfinished);
        fs::rename(unfinished, template).unwrap();
    }
    fs::read_to_string(home.directory.join("password")).unwrap()
}

/// The folder of the templates, which all programs in a target directory share.
fn templates() -> PathBuf {
    let program = env::current_exe().unwrap();
    let profile = program.ancestors().nth(2).unwrap();
    profile.join("private_servers")
}

fn initialise(home: &Home, programs: &Path) {
    let password = home.directory.join("password");
    fs::write(&password, random_name()).unwrap();
    let mut initdb = home.command(programs.join("initdb"));
    initdb.args(CLUSTER).arg("-D").arg(data(home));
    run(initdb.arg("--pwfile").arg(password));
}

/// Copies the content of a directory into another one, with owners and modes.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    run(Command::new("cp").arg("-Rp").arg(from.join(".")).arg(to));
}

/// Runs a program to its end, and returns its output.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
