//! The absolute times of the crate and of its baselines. Criterion shows how they change from one version to the
//! next. The bench `ratios` compares the crate with the baselines.

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
