//! The crate against its baselines, alternately in one process.
//!
//! A missed threshold is reported, and is no error.

use std::io::{self, Write as _};

use oauth_dcr_benches::{
    alternating::measure,
    baseline::register::Baseline,
    drive::register,
    pairs::{BODIES, PAIRS, QUOTA},
    registrar::registrar,
    spread::rounds,
};
use serde_json::{Map, Value};

fn main() -> io::Result<()> {
    for body in BODIES {
        assert_same_work(body);
    }
    let rounds = rounds(20);
    let mut out = io::stdout().lock();
    writeln!(out, "{rounds} rounds; ours / baseline: min median max")?;
    for pair in &PAIRS {
        let measured = measure(&pair.baseline, &pair.ours, rounds);
        write!(out, "{}", measured.report(pair.name, pair.threshold))?;
    }
    Ok(())
}

/// Checks that both sides give the same answer, except for random values and times.
fn assert_same_work(body: &str) {
    let body = body.as_bytes();
    let baseline = Baseline::new(Some(QUOTA)).register(body).unwrap();
    let ours = register(&registrar(Some(QUOTA)), body).unwrap();
    let [baseline, ours] = [&baseline[..], &ours].map(|answer| {
        let mut members: Map<String, Value> = serde_json::from_slice(answer).unwrap();
        for drawn in ["client_id", "client_id_issued_at", "client_secret"] {
            members
                .entry(drawn)
                .and_modify(|value| *value = Value::Null);
        }
        members
    });
    assert_eq!(baseline, ours);
}
