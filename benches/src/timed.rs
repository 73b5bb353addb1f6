//! The one place that reads the clock.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// The time that `n` times `step` take.
pub fn timed<T>(n: u64, mut step: impl FnMut() -> T) -> Duration {
    let start = Instant::now();
    for _ in 0..n {
        black_box(step());
    }
    start.elapsed()
}
