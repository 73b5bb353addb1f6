//! Two sides, timed alternately.
//!
//! A machine that does other work changes its speed from one second to the next. So each round times both
//! sides in short slices: each side goes first in half of the slices. The result is the ratio of a round.

use std::{fmt, time::Duration};

use crate::spread::{Spread, verdict};

/// Does its work the given number of times, and returns the time.
pub type Side<'a> = &'a dyn Fn(u64) -> Duration;

/// About how long a slice of one side takes: much less than the time in which the machine changes its speed.
const SLICE: Duration = Duration::from_millis(4);

/// Slices of each side in a round.
const SLICES: u32 = 8;

/// The results of all rounds: nanoseconds a step for each side, and the ratio ours / baseline.
pub struct Measured {
    baseline: Spread,
    ours: Spread,
    ratio: Spread,
}

impl Measured {
    /// The lines of a report. The threshold is the greatest ratio that passes.
    pub fn report(&self, name: &str, threshold: Option<f64>) -> impl fmt::Display {
        let Self {
            baseline,
            ours,
            ratio,
        } = self;
        let threshold = match threshold {
            Some(threshold) => format!("<= {threshold:<4} {}", verdict(ratio.median <= threshold)),
            None => String::new(),
        };
        format!(
            "{name:<38} {ratio:.3}  {threshold}\n    \
             baseline, ns a step                   {baseline:.0}\n    \
             ours, ns a step                    {ours:.0}\n"
        )
    }
}

/// Times `baseline` and `ours` in `rounds` rounds.
pub fn measure(baseline: Side<'_>, ours: Side<'_>, rounds: usize) -> Measured {
    let (baseline_steps, our_steps) = (steps_for(baseline), steps_for(ours));
    let (mut baselines, mut our_times, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let round = || round((baseline, baseline_steps), (ours, our_steps));
    // The first round warms up caches and branch predictors, and does not count.
    round();
    for _ in 0..rounds {
        let (baseline, ours) = round();
        baselines.push(baseline);
        our_times.push(ours);
        ratios.push(ours / baseline);
    }
    Measured {
        baseline: Spread::of(baselines),
        ours: Spread::of(our_times),
        ratio: Spread::of(ratios),
    }
}

/// The nanoseconds of one step of the baseline and of ours. The slices alternate: A B, B A, A B and so on.
fn round(baseline: (Side<'_>, u64), ours: (Side<'_>, u64)) -> (f64, f64) {
    let (mut baseline_time, mut our_time) = (Duration::ZERO, Duration::ZERO);
    for slice in 0..SLICES {
        if slice % 2 == 0 {
            baseline_time += baseline.0(baseline.1);
            our_time += ours.0(ours.1);
        } else {
            our_time += ours.0(ours.1);
            baseline_time += baseline.0(baseline.1);
        }
    }
    let nanos = |time: Duration, steps: u64| {
        time.div_duration_f64(Duration::from_nanos(steps * u64::from(SLICES)))
    };
    (nanos(baseline_time, baseline.1), nanos(our_time, ours.1))
}

/// How many steps of `side` fill a slice.
fn steps_for(side: Side<'_>) -> u64 {
    let mut steps = 1;
    while side(steps) < SLICE {
        steps *= 2;
    }
    steps
}
