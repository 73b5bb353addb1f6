//! The number of rounds, and the spread of a figure over them.

use std::{env, fmt};

/// How many rounds to run: the value of `OAUTH_DCR_BENCH_ROUNDS`, or `usual`. A bench that runs as a test,
/// without `--bench`, runs one round.
pub fn rounds(usual: usize) -> usize {
    let wanted = env::var("OAUTH_DCR_BENCH_ROUNDS").ok();
    let wanted = wanted.and_then(|text| text.parse().ok());
    let is_bench = env::args().any(|argument| argument == "--bench");
    wanted.unwrap_or(if is_bench { usual } else { 1 }).max(1)
}

/// The minimum, median and maximum of a figure over all rounds. Of two figures in the middle, the median is the
/// mean.
pub struct Spread {
    min: f64,
    pub median: f64,
    max: f64,
}

impl Spread {
    /// The spread of `figures`. Panics if there are none.
    pub fn of(mut figures: Vec<f64>) -> Self {
        figures.sort_by(f64::total_cmp);
        let last = figures.len() - 1;
        Self {
            min: figures[0],
            median: f64::midpoint(figures[last / 2], figures[last.div_ceil(2)]),
            max: figures[last],
        }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { min, median, max } = self;
        let digits = f.precision().unwrap_or(2);
        write!(f, "{min:8.digits$} {median:8.digits$} {max:8.digits$}")
    }
}

/// The word for a median that meets its threshold, or misses it.
pub const fn verdict(passes: bool) -> &'static str {
    if passes { "pass" } else { "short" }
}
