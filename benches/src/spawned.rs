//! A server is another process of the same program. An argument says which server it is.

use std::{
    env, fs,
    io::{self, BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::cores::Core;

/// A server process, which ends when this value is dropped.
pub(crate) struct Spawned {
    process: Child,
    address: SocketAddr,
}

impl Spawned {
    /// Starts the server that `argument` names, on a core.
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

    /// The CPU time of all its threads so far.
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

/// Pins a server to the core of its second argument, if there is that argument.
pub(crate) fn pin() {
    let core = env::args().nth(2).and_then(|core| core.parse().ok());
    if let Some(core) = core {
        Core(core).pin();
    }
}

/// Prints the address of a server, for the process that started it.
pub(crate) fn announce(address: SocketAddr) -> io::Result<()> {
    writeln!(io::stdout(), "{address}")
}
