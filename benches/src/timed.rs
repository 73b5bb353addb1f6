//! The time of the benches in one process.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// The time of `n` calls of `step`.
pub fn timed<T>(n: u64, mut step: impl FnMut() -> T) -> Duration {
    let start = Instant::now();
    for _ in 0..n {
        black_box(step());
    }
    start.elapsed()
}
