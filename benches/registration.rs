//! The crate and its baselines, in process, each by itself: absolute times, and how they change from
//! one version to the next. `ratios` compares them.
#![expect(
    clippy::disallowed_methods,
    reason = "a bench measures time itself, and its baselines are written without ports"
)]

#[path = "baseline/pkce.rs"]
mod baseline_pkce;
#[path = "baseline/register.rs"]
mod baseline_register;
#[path = "support/drive.rs"]
mod drive;
#[path = "support/pairs.rs"]
#[expect(
    dead_code,
    reason = "thresholds and comparing answers are for the ratios"
)]
mod pairs;
#[path = "support/registrar.rs"]
mod registrar;
#[path = "support/timed.rs"]
mod timed;

use criterion::{Criterion, criterion_group, criterion_main};

fn each_by_itself(criterion: &mut Criterion) {
    for pair in &pairs::PAIRS {
        let mut group = criterion.benchmark_group(pair.name);
        group.bench_function("baseline", |bencher| bencher.iter_custom(pair.baseline));
        group.bench_function("ours", |bencher| bencher.iter_custom(pair.ours));
        group.finish();
    }
}

criterion_group!(benches, each_by_itself);
criterion_main!(benches);
