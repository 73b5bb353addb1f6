//! The crate and its baselines, in process, each by itself: absolute times, and how they change from
//! one version to the next. `ratios` compares them.

use criterion::{Criterion, criterion_group, criterion_main};
use oauth_dcr_benches::pairs::PAIRS;

fn each_by_itself(criterion: &mut Criterion) {
    for pair in &PAIRS {
        let mut group = criterion.benchmark_group(pair.name);
        group.bench_function("baseline", |bencher| bencher.iter_custom(pair.baseline));
        group.bench_function("ours", |bencher| bencher.iter_custom(pair.ours));
        group.finish();
    }
}

criterion_group!(benches, each_by_itself);
criterion_main!(benches);
