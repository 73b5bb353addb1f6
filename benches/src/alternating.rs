//! Two sides, timed alternately.
//!
//! A machine that does other work changes speed from one second to the next. So each round times both
//! sides, each of them first in half of its slices, and the result is the ratio of a round.

use std::{fmt, time::Duration};

use crate::spread::{Spread, verdict};

/// Does its work so many times, and gives the time that it took.
pub type Side<'a> = &'a dyn Fn(u64) -> Duration;

/// About how long a side is timed before the other one is: well below the time in which the machine
/// changes its speed.
const SLICE: Duration = Duration::from_millis(4);

/// Slices of each side in a round.
const SLICES: u32 = 8;

/// What came out over all rounds: nanoseconds for each side, and ours in baselines.
pub struct Measured {
    baseline: Spread,
    ours: Spread,
    ratio: Spread,
}

impl Measured {
    /// The lines of a report. The threshold is the most that ours may take, in baselines.
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
             baseline, ns each                     {baseline:.0}\n    \
             ours, ns each                      {ours:.0}\n"
        )
    }
}

/// Times `baseline` and `ours` in so many rounds.
pub fn measure(baseline: Side<'_>, ours: Side<'_>, rounds: usize) -> Measured {
    let (baseline_steps, our_steps) = (steps_for(baseline), steps_for(ours));
    let (mut baselines, mut our_times, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let round = || round((baseline, baseline_steps), (ours, our_steps));
    // Caches and branch predictors warm up for both before either counts.
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

/// The nanoseconds that one step of the baseline and of ours takes, alternately: A B, B A, A B and so on.
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

/// How often `side` has to be done to fill a slice.
fn steps_for(side: Side<'_>) -> u64 {
    let mut steps = 1;
    while side(steps) < SLICE {
        steps *= 2;
    }
    steps
}
