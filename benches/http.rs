//! Registrations a second over HTTP: the crate's service on hyper against the hand-written floor on
//! the same hyper.
//!
//! A server is a process of its own on one core; the load runs on another. Each round starts both
//! servers afresh, so that no store grows from round to round, and asks them in short turns, so that
//! what else the machine does falls on both. It reports; it never fails for being slow.
#![expect(
    clippy::disallowed_methods,
    reason = "a bench measures time itself, and its floors are written without ports"
)]

#[path = "support/cores.rs"]
mod cores;
#[path = "floor/register.rs"]
mod floor_register;
#[path = "floor/server.rs"]
mod floor_server;
#[path = "support/load.rs"]
mod load;
#[path = "support/registrar.rs"]
mod registrar;
#[path = "support/server.rs"]
mod server;
#[path = "support/spread.rs"]
mod spread;

use std::{
    env,
    io::{self, Write as _},
    time::Duration,
};

use cores::{Core, Cores};
use load::{Load, Measured};
use server::{Side, Spawned};
use spread::{Spread, rounds, verdict};

/// What the crate's rate over the floor's should not fall below.
const BAR: f64 = 0.85;

/// How long a server is asked before it is the other's turn.
const TURN: Duration = Duration::from_millis(125);

/// Turns of each server in a round, after one that does not count.
const TURNS: u32 = 12;

fn main() -> io::Result<()> {
    match env::args().nth(1).as_deref().and_then(Side::from_argument) {
        Some(side) => server::serve(side, env::args().nth(2)),
        None => compare(rounds(8)),
    }
}

fn compare(rounds: usize) -> io::Result<()> {
    // The first two: where the machine has one only, both share that.
    let cores = Cores::first_two();
    cores.load.pin();
    let mut out = io::stdout().lock();
    writeln!(out, "{rounds} rounds; requests/s (server's core busy)")?;
    let mut ratios = Vec::new();
    for _ in 0..rounds {
        let (floor, ours) = round(&cores)?;
        let ratio = ours.rate() / floor.rate();
        writeln!(out, "floor {floor}   ours {ours}   ratio {ratio:.3}")?;
        ratios.push(ratio);
    }
    let ratio = Spread::of(ratios);
    let verdict = verdict(ratio.median >= BAR);
    writeln!(out, "ours / floor: min median max")?;
    writeln!(out, "requests/s       {ratio:.3}   >= {BAR} {verdict}")
}

/// What the floor and we do, in turns: A B, B A, A B and so on.
fn round(cores: &Cores) -> io::Result<(Measured, Measured)> {
    let mut floor = Asked::new(Side::Floor, cores)?;
    let mut ours = Asked::new(Side::Ours, cores)?;
    for turn in 0..TURNS {
        if turn % 2 == 0 {
            floor.ask()?;
            ours.ask()?;
        } else {
            ours.ask()?;
            floor.ask()?;
        }
    }
    Ok((floor.measured, ours.measured))
}

/// A server that was just started, and what it did so far.
struct Asked {
    load: Load,
    core: Core,
    measured: Measured,
    _server: Spawned,
}

impl Asked {
    fn new(side: Side, cores: &Cores) -> io::Result<Self> {
        let server = Spawned::new(side, cores.server)?;
        let mut load = Load::connect(server.address())?;
        load.run(TURN)?;
        Ok(Self {
            load,
            core: cores.server,
            measured: Measured::default(),
            _server: server,
        })
    }

    fn ask(&mut self) -> io::Result<()> {
        let idle_before = self.core.idle_ticks()?;
        let (requests, wall) = self.load.run(TURN)?;
        self.measured.requests += requests;
        self.measured.wall += wall;
        self.measured.idle_ticks += self.core.idle_ticks()? - idle_before;
        Ok(())
    }
}
