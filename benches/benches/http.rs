//! Registrations a second over HTTP: the crate's service on hyper against the hand-written baseline on
//! the same hyper.
//!
//! A server is a process of its own on one core; the load runs on another. It reports; it never fails
//! for being slow.

use std::{
    env,
    io::{self, Write as _},
};

use oauth_dcr_benches::{
    cores::Cores,
    server::Side,
    server_rounds::round,
    spread::{Spread, rounds, verdict},
};

/// What the crate's rate over the baseline's should not fall below.
const THRESHOLD: f64 = 0.85;

const CONNECTIONS: usize = 16;

fn main() -> io::Result<()> {
    match env::args().nth(1).as_deref().and_then(Side::from_argument) {
        Some(side) => side.serve(),
        None => compare(rounds(8)),
    }
}

fn compare(rounds: usize) -> io::Result<()> {
    // The first two: where the machine has one only, both share that.
    let cores = Cores::first_two();
    cores.load.pin();
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{rounds} rounds; requests/s (server's core busy), p99, CPU time each"
    )?;
    let mut ratios = Vec::new();
    for _ in 0..rounds {
        let (baseline, ours) = (Side::Baseline.argument(), Side::Ours.argument());
        let (baseline, ours) = round(baseline, ours, CONNECTIONS, &cores)?;
        let ratio = ours.rate() / baseline.rate();
        writeln!(out, "baseline {baseline}   ours {ours}   ratio {ratio:.3}")?;
        ratios.push(ratio);
    }
    let ratio = Spread::of(ratios);
    let verdict = verdict(ratio.median >= THRESHOLD);
    writeln!(out, "ours / baseline: min median max")?;
    writeln!(
        out,
        "requests/s       {ratio:.3}   >= {THRESHOLD} {verdict}"
    )
}
