//! The crate against its floors, in process, side by side.
//!
//! A machine that does other work changes speed from one second to the next, so each round times
//! both sides, in turns first, and what counts is the ratio of a round. It reports; it never fails.
#![expect(
    clippy::disallowed_methods,
    reason = "a bench measures time itself, and its floors are written without ports"
)]

#[path = "support/drive.rs"]
mod drive;
#[path = "floor/pkce.rs"]
mod floor_pkce;
#[path = "floor/register.rs"]
mod floor_register;
#[path = "support/pairs.rs"]
mod pairs;
#[path = "support/registrar.rs"]
mod registrar;
#[path = "support/spread.rs"]
mod spread;

use std::{
    io::{self, Write as _},
    time::Duration,
};

use drive::register;
use floor_register::Floor;
use pairs::{BODIES, PAIRS, Pair, QUOTA};
use registrar::registrar;
use serde_json::{Map, Value};
use spread::{Spread, rounds, verdict};

/// How long a side is timed before it is the other's turn, about: well below the time in which the
/// machine changes its speed.
const TURN: Duration = Duration::from_millis(4);

/// Turns of each side in a round.
const TURNS: u32 = 8;

fn main() -> io::Result<()> {
    for body in BODIES {
        assert_same_work(body);
    }
    let rounds = rounds(20);
    let mut out = io::stdout().lock();
    writeln!(out, "{rounds} rounds; ours / floor: min median max")?;
    for pair in &PAIRS {
        let measured = measure(pair, rounds);
        let bar = match pair.bar {
            Some(bar) => format!("<= {bar:<4} {}", verdict(measured.ratio.median <= bar)),
            None => String::new(),
        };
        let Measured { floor, ours, ratio } = measured;
        writeln!(out, "{:<38} {ratio:.3}  {bar}", pair.name)?;
        writeln!(out, "    floor, ns each                     {floor:.0}")?;
        writeln!(out, "    ours, ns each                      {ours:.0}")?;
    }
    Ok(())
}

/// Both sides answer alike, apart from what is drawn or told by a clock.
fn assert_same_work(body: &[u8]) {
    let floor = Floor::new(Some(QUOTA)).register(body).unwrap();
    let ours = register(&registrar(Some(QUOTA)), body).unwrap();
    let [floor, ours] = [&floor[..], &ours].map(|answer| {
        let mut members: Map<String, Value> = serde_json::from_slice(answer).unwrap();
        for drawn in ["client_id", "client_id_issued_at", "client_secret"] {
            members
                .entry(drawn)
                .and_modify(|value| *value = Value::Null);
        }
        members
    });
    assert_eq!(floor, ours);
}

struct Measured {
    floor: Spread,
    ours: Spread,
    ratio: Spread,
}

fn measure(pair: &Pair, rounds: usize) -> Measured {
    let steps = steps_for(pair.floor);
    let (mut floors, mut ours, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    // Caches and branch predictors warm up for both before either counts.
    round(pair, steps);
    for _ in 0..rounds {
        let (floor, our) = round(pair, steps);
        floors.push(nanos_each(floor, steps));
        ours.push(nanos_each(our, steps));
        ratios.push(our.div_duration_f64(floor));
    }
    Measured {
        floor: Spread::of(floors),
        ours: Spread::of(ours),
        ratio: Spread::of(ratios),
    }
}

/// The time of the floor and of ours, in turns: A B, B A, A B and so on.
fn round(pair: &Pair, steps: u64) -> (Duration, Duration) {
    let (mut floor, mut ours) = (Duration::ZERO, Duration::ZERO);
    for turn in 0..TURNS {
        if turn % 2 == 0 {
            floor += (pair.floor)(steps);
            ours += (pair.ours)(steps);
        } else {
            ours += (pair.ours)(steps);
            floor += (pair.floor)(steps);
        }
    }
    (floor, ours)
}

/// How often `side` has to be done to fill a turn.
fn steps_for(side: fn(u64) -> Duration) -> u64 {
    let mut steps = 64;
    while side(steps) < TURN {
        steps *= 2;
    }
    steps
}

fn nanos_each(time: Duration, steps: u64) -> f64 {
    time.div_duration_f64(Duration::from_nanos(steps * u64::from(TURNS)))
}
