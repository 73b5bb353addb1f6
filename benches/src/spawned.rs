//! Servers: this program once more, with an argument that says which.

use std::{
    env, fs,
    io::{self, BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::cores::Core;

/// A server in a process of its own, ended when this is dropped.
pub(crate) struct Spawned {
    process: Child,
    address: SocketAddr,
}

impl Spawned {
    /// Starts the one that `argument` says, on a core.
    pub(crate) fn new(argument: &str, core: Core) -> io::Result<Self> {
        let mut process = Command::new(env::current_exe()?)
            .args([argument, &core.to_string()])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut address)?;
        }
        let address = address.trim().parse().map_err(io::Error::other)?;
        Ok(Self { process, address })
    }

    /// How long all of its threads have run so far.
    pub(crate) fn cpu_time(&self) -> io::Result<Duration> {
        let mut sum = Duration::ZERO;
        for thread in fs::read_dir(format!("/proc/{}/task", self.process.id()))? {
            let stat = fs::read_to_string(thread?.path().join("schedstat"))?;
            let nanos = stat.split(' ').next().and_then(|it| it.parse().ok());
            let nanos = nanos.ok_or_else(|| io::Error::other("no time in schedstat"))?;
            sum += Duration::from_nanos(nanos);
        }
        Ok(sum)
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Spawned {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// In a server: goes to the core that the second argument gives, if there is one.
pub(crate) fn pin() {
    let core = env::args().nth(2).and_then(|core| core.parse().ok());
    if let Some(core) = core {
        Core(core).pin();
    }
}

/// In a server: says where it listens.
pub(crate) fn announce(address: SocketAddr) -> io::Result<()> {
    writeln!(io::stdout(), "{address}")
}
