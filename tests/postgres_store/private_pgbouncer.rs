//! A private PgBouncer in front of the database of a URL.

use std::{
    fs::{self, File},
    net::TcpStream,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
};

use private_servers::{Home, free_port_in, within_limit};

/// A running PgBouncer. It ends when this value is dropped or the test's process ends.
pub(crate) struct PrivatePgBouncer {
    home: Home,
    port: u16,
    database: String,
    program: Option<Child>,
}

impl PrivatePgBouncer {
    /// Starts PgBouncer in front of the database at `url`, in this `pool_mode`, with these other
    /// settings.
    pub(crate) fn start(url: &str, pool_mode: &str, settings: &str) -> Self {
        let port = free_port_in(&(20_000..=32_000));
        let (start, rest) = url.rsplit_once('@').unwrap();
        let (server, database) = rest.split_once('/').unwrap();
        let (_, server_port) = server.split_once(':').unwrap();
        let (_, password) = start.rsplit_once(':').unwrap();
        let home = Home::new("oauth-dcr-pgbouncer");
        let text = format!(
            "[databases]\n\
             * = host=127.0.0.1 port={server_port} user=postgres password={password}\n\
             [pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = any\npool_mode = {pool_mode}\n{settings}\n"
        );
        let file = home.directory.join("pgbouncer.ini");
        fs::write(&file, text).unwrap();
        let log = File::create(home.directory.join("log")).unwrap();
        let mut command = home.command(find());
        command.arg(&file).process_group(0).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let program = command.spawn().unwrap();
        let mut bouncer = Self {
            home,
            port,
            database: database.to_owned(),
            program: Some(program),
        };
        bouncer.wait_until_it_listens();
        bouncer
    }

    /// The URL of the database through PgBouncer.
    pub(crate) fn url(&self) -> String {
        format!(
            "postgres://postgres@127.0.0.1:{}/{}",
            self.port, self.database
        )
    }

    fn wait_until_it_listens(&mut self) {
        let program = self.program.as_mut().unwrap();
        let started = within_limit(|| {
            let has_ended = program.try_wait().unwrap().is_some();
            let listens = TcpStream::connect(("127.0.0.1", self.port)).is_ok();
            (has_ended || listens).then_some(!has_ended)
        });
        let log = fs::read_to_string(self.home.directory.join("log")).unwrap();
        assert_eq!(started, Some(true), "PgBouncer does not start:\n{log}");
    }
}

impl Drop for PrivatePgBouncer {
    fn drop(&mut self) {
        self.home.leave();
        if let Some(program) = &mut self.program {
            let _ = program.wait();
        }
    }
}

/// The program that `tests/servers/install.sh` installs.
fn find() -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/install.sh");
    let found = Command::new(script).args(["--find", "pgbouncer"]).output();
    let found = found.unwrap();
    let complaint = String::from_utf8_lossy(&found.stderr);
    assert!(found.status.success(), "{complaint}");
    String::from_utf8(found.stdout).unwrap().trim().to_owned()
}
