//! Each framework with the crate's adapter, against a plain handler that asks the same pipeline and
//! answers a fixed 201: registrations a second, their latency and their CPU time.
//!
//! A server is a process of its own on one core; the load runs on another. It reports; it never fails
//! for being slow.

use std::{
    env,
    io::{self, Write as _},
};

use oauth_dcr_benches::{
    cores::Cores,
    hosts::{FRAMEWORKS, Host},
    server_rounds::round,
    spread::{Spread, rounds, verdict},
};

/// What an adapter's rate over its baseline's should not fall below.
const RATE_THRESHOLD: f64 = 0.9;

/// What the time of the slowest of 100 requests should not exceed, in baselines.
const P99_THRESHOLD: f64 = 1.3;

/// The same as the first threshold, where the load leaves the server nothing to wait for.
const CPU_THRESHOLD: f64 = 1.0 / RATE_THRESHOLD;

const CONNECTIONS: usize = 32;

fn main() -> io::Result<()> {
    match env::args().nth(1).as_deref().and_then(Host::from_argument) {
        Some(host) => host.serve(),
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
    for (name, baseline, ours) in FRAMEWORKS {
        let (mut rates, mut p99s, mut cpus) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            let (baseline, ours) = round(baseline.argument, ours.argument, CONNECTIONS, &cores)?;
            rates.push(ours.rate() / baseline.rate());
            p99s.push(ours.p99().div_duration_f64(baseline.p99()));
            cpus.push(ours.cpu_each().div_duration_f64(baseline.cpu_each()));
            writeln!(out, "{name:<5} baseline {baseline}   ours {ours}")?;
        }
        writeln!(out, "{name}, ours / baseline: min median max")?;
        let rate = Spread::of(rates);
        let kept = verdict(rate.median >= RATE_THRESHOLD);
        writeln!(
            out,
            "requests/s       {rate:.3}   >= {RATE_THRESHOLD:.2} {kept}"
        )?;
        for (what, figures, threshold) in [
            ("p99", p99s, P99_THRESHOLD),
            ("CPU, each", cpus, CPU_THRESHOLD),
        ] {
            let figures = Spread::of(figures);
            let kept = verdict(figures.median <= threshold);
            writeln!(out, "{what:<16} {figures:.3}   <= {threshold:.2} {kept}")?;
        }
    }
    Ok(())
}
