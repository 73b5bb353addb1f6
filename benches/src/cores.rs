//! The cores of the machine, and what runs on them.

use std::{fmt, fs, io};

use core_affinity::CoreId;

/// The unit of `/proc/stat`. It is the same for each kernel.
pub const TICKS_PER_SECOND: f64 = 100.0;

/// A core, by its number.
#[derive(Clone, Copy)]
pub struct Core(pub usize);

/// The cores of the load and of the server.
pub struct Cores {
    pub load: Core,
    pub server: Core,
}

impl Cores {
    /// The first two cores. A machine with one core uses it for both. Call this before [`Core::pin`]: a pinned
    /// thread sees only its own core.
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
    /// Keeps this thread on the core, and everything that it starts later.
    pub fn pin(self) {
        core_affinity::set_for_current(CoreId { id: self.0 });
    }

    /// How many ticks the core has been idle since the machine started.
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
