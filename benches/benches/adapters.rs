//! The adapter of each framework against a plain handler, which calls the same pipeline and answers with a fixed
//! 201. The figures are registrations a second, their latency and their CPU time.
//!
//! A server is a separate process on one core, and the load runs on another core. A missed threshold is reported,
//! and is no error.

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

/// The lowest ratio of the rates that passes.
const RATE_THRESHOLD: f64 = 0.9;

/// The greatest ratio of the p99 latencies that passes.
const P99_THRESHOLD: f64 = 1.3;

/// The greatest ratio of the CPU times that passes: the inverse of the ratio of the rates.
const CPU_THRESHOLD: f64 = 1.0 / RATE_THRESHOLD;

const CONNECTIONS: usize = 32;

fn main() -> io::Result<()> {
    match env::args().nth(1).as_deref().and_then(Host::from_argument) {
        Some(host) => host.serve(),
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
            ("CPU, a request", cpus, CPU_THRESHOLD),
        ] {
            let figures = Spread::of(figures);
            let kept = verdict(figures.median <= threshold);
            writeln!(out, "{what:<16} {figures:.3}   <= {threshold:.2} {kept}")?;
        }
    }
    Ok(())
}
