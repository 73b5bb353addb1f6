//! Registrations a second over HTTP: the crate's service on hyper against the baseline on hyper.
//!
//! A server is a separate process on one core, and the load runs on another core. A missed threshold is reported,
//! and is no error.

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

/// The lowest ratio of the rates that passes.
const THRESHOLD: f64 = 0.85;

const CONNECTIONS: usize = 16;

fn main() -> io::Result<()> {
    match env::args().nth(1).as_deref().and_then(Side::from_argument) {
        Some(side) => side.serve(),
        None => compare(rounds(8)),
    }
}

fn compare(rounds: usize) -> io::Result<()> {
    let cores = Cores::first_two();
    cores.load.pin();
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{rounds} rounds; requests/s (server's core busy), p99, CPU time a request"
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
