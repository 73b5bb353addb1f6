//! Registrations a second and their latency in each framework: the crate's adapter against a plain
//! handler that asks the same pipeline and answers a fixed 201.
//!
//! A server is a process of its own on one core; the load runs on another. It reports; it never fails
//! for being slow.
#![expect(clippy::disallowed_methods, reason = "a bench measures time itself")]

#[path = "support/asked.rs"]
mod asked;
#[path = "support/cores.rs"]
mod cores;
#[path = "floor/handlers.rs"]
mod floor_handlers;
#[path = "support/hosts.rs"]
mod hosts;
#[path = "support/hyper_host.rs"]
mod hyper_host;
#[path = "support/load.rs"]
mod load;
#[path = "support/registrar.rs"]
mod registrar;
#[path = "support/spawned.rs"]
mod spawned;
#[path = "support/spread.rs"]
mod spread;

use std::{
    env,
    io::{self, Write as _},
};

use asked::round;
use cores::Cores;
use hosts::{FRAMEWORKS, Framework, Host};
use spread::{Spread, rounds, verdict};

/// What an adapter's rate over its floor's should not fall below.
const RATE_BAR: f64 = 0.9;

/// What the time of the slowest of 100 requests should not exceed, in floors.
const P99_BAR: f64 = 1.3;

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
    writeln!(out, "{rounds} rounds; requests/s (server's core busy), p99")?;
    for framework in FRAMEWORKS {
        let (rates, p99s) = measure(&framework, rounds, &cores, &mut out)?;
        let rate_verdict = verdict(rates.median >= RATE_BAR);
        let p99_verdict = verdict(p99s.median <= P99_BAR);
        let (name, ..) = framework;
        writeln!(out, "{name}, ours / floor: min median max")?;
        writeln!(
            out,
            "requests/s       {rates:.3}   >= {RATE_BAR} {rate_verdict}"
        )?;
        writeln!(
            out,
            "p99              {p99s:.3}   <= {P99_BAR} {p99_verdict}"
        )?;
    }
    Ok(())
}

/// Ours over the floor's: requests a second, and the latency of the slowest of 100.
fn measure(
    (name, floor, ours): &Framework,
    rounds: usize,
    cores: &Cores,
    out: &mut impl io::Write,
) -> io::Result<(Spread, Spread)> {
    let (mut rates, mut p99s) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (floor, ours) = round(floor.argument, ours.argument, CONNECTIONS, cores)?;
        rates.push(ours.rate() / floor.rate());
        p99s.push(ours.p99().div_duration_f64(floor.p99()));
        writeln!(out, "{name:<5} floor {floor}   ours {ours}")?;
    }
    Ok((Spread::of(rates), Spread::of(p99s)))
}
