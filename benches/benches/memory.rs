//! The memory of a client in the store in memory.
//!
//! Each round is a new process, which registers many clients and compares its resident set before and after. So
//! the figure includes the store, its table and the allocator. It runs on Linux, because it reads `/proc`. A
//! missed threshold is reported, and is no error.

use std::{
    env, fs,
    io::{self, Write as _},
    process::Command,
};

use oauth_dcr_benches::{
    drive::register,
    fixtures::PUBLIC,
    registrar::registrar,
    spread::{Spread, rounds, verdict},
};

const CLIENTS: u32 = 100_000;

/// The most bytes a client that pass.
const THRESHOLD: f64 = 700.0;

const MEASURE: &str = "measure";

fn main() -> io::Result<()> {
    if env::args().nth(1).as_deref() == Some(MEASURE) {
        return write!(io::stdout(), "{}", bytes_per_client()?);
    }
    let rounds = rounds(5);
    let figures: io::Result<_> = (0..rounds).map(|_| ask_fresh_process()).collect();
    let spread = Spread::of(figures?);
    let verdict = verdict(spread.median <= THRESHOLD);
    let mut out = io::stdout().lock();
    writeln!(out, "{rounds} rounds of {CLIENTS} clients: min median max")?;
    writeln!(
        out,
        "bytes per client {spread:.0}   <= {THRESHOLD} {verdict}"
    )
}

fn ask_fresh_process() -> io::Result<f64> {
    let output = Command::new(env::current_exe()?).arg(MEASURE).output()?;
    let figure = String::from_utf8_lossy(&output.stdout);
    figure.trim().parse().map_err(io::Error::other)
}

fn bytes_per_client() -> io::Result<f64> {
    let registrar = registrar(None);
    let before = resident_kibibytes()?;
    for _ in 0..CLIENTS {
        register(&registrar, PUBLIC.as_bytes()).map_err(io::Error::other)?;
    }
    let grown = resident_kibibytes()?.saturating_sub(before);
    // The registrar lives until its memory has been measured.
    drop(registrar);
    Ok(f64::from(grown) * 1024.0 / f64::from(CLIENTS))
}

fn resident_kibibytes() -> io::Result<u32> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let figure = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
    figure.ok_or_else(|| io::Error::other("no resident set in /proc/self/status"))
}
