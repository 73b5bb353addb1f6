//! Which core does what.

use std::{fmt, fs, io};

use core_affinity::CoreId;

/// The unit of `/proc/stat`, fixed for programs whatever the kernel counts in.
pub const TICKS_PER_SECOND: f64 = 100.0;

/// One core, by its number.
#[derive(Clone, Copy)]
pub struct Core(pub usize);

/// The cores of the load and of the server.
pub struct Cores {
    pub load: Core,
    pub server: Core,
}

impl Cores {
    /// The first two cores, or twice the one that there is. Ask before anything is pinned: after
    /// that there is one only.
    pub fn first_two() -> Self {
        let cores = core_affinity::get_core_ids().unwrap_or_default();
        let first = cores.first().map_or(0, |core| core.id);
        Self {
            load: Core(first),
            server: Core(cores.get(1).map_or(first, |core| core.id)),
        }
    }
}

impl Core {
    /// Keeps this thread, and what it starts from now on, on the core.
    pub fn pin(self) {
        core_affinity::set_for_current(CoreId { id: self.0 });
    }

    /// For how many ticks the core has had nothing to do, since the machine started.
    pub fn idle_ticks(self) -> io::Result<u32> {
        let stat = fs::read_to_string("/proc/stat")?;
        let name = format!("cpu{self} ");
        let line = stat.lines().find_map(|line| line.strip_prefix(&name));
        let idle = line.and_then(|line| line.split(' ').nth(3)?.parse().ok());
        idle.ok_or_else(|| io::Error::other("no such core in /proc/stat"))
    }
}

impl fmt::Display for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
