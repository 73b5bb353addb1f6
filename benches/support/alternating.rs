//! Two sides, timed in turns.
//!
//! A machine that does other work changes speed from one second to the next, so each round times
//! both sides, in turns first, and what counts is the ratio of a round.

use std::{fmt, time::Duration};

use crate::spread::{Spread, verdict};

/// Does its work so many times, and gives the time that it took.
pub(crate) type Side<'a> = &'a dyn Fn(u64) -> Duration;

/// How long a side is timed before it is the other's turn, about: well below the time in which the
/// machine changes its speed.
const TURN: Duration = Duration::from_millis(4);

/// Turns of each side in a round.
const TURNS: u32 = 8;

/// What came out over all rounds: nanoseconds for each side, and ours in floors.
pub(crate) struct Measured {
    floor: Spread,
    ours: Spread,
    ratio: Spread,
}

impl Measured {
    /// The lines of a report, held against the most that ours may take, in floors.
    pub(crate) fn report(&self, name: &str, bar: Option<f64>) -> impl fmt::Display {
        let Self { floor, ours, ratio } = self;
        let bar = match bar {
            Some(bar) => format!("<= {bar:<4} {}", verdict(ratio.median <= bar)),
            None => String::new(),
        };
        format!(
            "{name:<38} {ratio:.3}  {bar}\n    \
             floor, ns each                     {floor:.0}\n    \
             ours, ns each                      {ours:.0}\n"
        )
    }
}

/// Times `floor` and `ours` in so many rounds.
pub(crate) fn measure(floor: Side<'_>, ours: Side<'_>, rounds: usize) -> Measured {
    let (floor_steps, our_steps) = (steps_for(floor), steps_for(ours));
    let (mut floors, mut our_times, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let round = || round((floor, floor_steps), (ours, our_steps));
    // Caches and branch predictors warm up for both before either counts.
    round();
    for _ in 0..rounds {
        let (floor, ours) = round();
        floors.push(floor);
        our_times.push(ours);
        ratios.push(ours / floor);
    }
    Measured {
        floor: Spread::of(floors),
        ours: Spread::of(our_times),
        ratio: Spread::of(ratios),
    }
}

/// The nanoseconds that one step of the floor and of ours takes, in turns: A B, B A, A B and so on.
fn round(floor: (Side<'_>, u64), ours: (Side<'_>, u64)) -> (f64, f64) {
    let (mut floor_time, mut our_time) = (Duration::ZERO, Duration::ZERO);
    for turn in 0..TURNS {
        if turn % 2 == 0 {
            floor_time += floor.0(floor.1);
            our_time += ours.0(ours.1);
        } else {
            our_time += ours.0(ours.1);
            floor_time += floor.0(floor.1);
        }
    }
    let nanos = |time: Duration, steps: u64| {
        time.div_duration_f64(Duration::from_nanos(steps * u64::from(TURNS)))
    };
    (nanos(floor_time, floor.1), nanos(our_time, ours.1))
}

/// How often `side` has to be done to fill a turn.
fn steps_for(side: Side<'_>) -> u64 {
    let mut steps = 1;
    while side(steps) < TURN {
        steps *= 2;
    }
    steps
}
