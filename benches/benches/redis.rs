//! Decisions of the shared limiter against direct calls of the same script.
//!
//! Both sides use the same connection to a private server on another core. Each task has one decision under way.
//! A missed threshold is reported, and is no error.

use std::{
    io::{self, Write as _},
    sync::Arc,
    time::{Duration, Instant},
};

use oauth_dcr::{
    TenantId,
    rate_limit::{Quota, RateKey, RateLimiter as _},
    redis::RedisRateLimiter,
};
use oauth_dcr_benches::{
    alternating::measure, baseline::limiter::Baseline, cores::Cores, spread::rounds,
};
use private_servers::PrivateRedis;
use redis::{Client, aio::ConnectionManager};
use tokio::{runtime::Runtime, task::JoinSet};

/// The greatest ratio ours / baseline that passes: it means nine tenths of the baseline's rate.
const THRESHOLD: f64 = 1.11;

/// Decisions of each task in a step, one after the other.
const EACH: u64 = 16;

/// Large enough to refuse no decision.
const PER_SECOND: u32 = 1_000_000;
const BURST: u32 = 1_000_000_000;

fn main() -> io::Result<()> {
    let cores = Cores::first_two();
    cores.server.pin();
    let server = PrivateRedis::start();
    cores.load.pin();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let client = Client::open(server.url()).map_err(io::Error::other)?;
    let manager = runtime.block_on(ConnectionManager::new(client));
    let manager = manager.map_err(io::Error::other)?;

    let rounds = rounds(20);
    let mut out = io::stdout().lock();
    writeln!(out, "{rounds} rounds; ours / baseline: min median max")?;
    for tasks in [1, 32, 128] {
        let baseline = |n| bare_calls(&runtime, &manager, tasks, n);
        let ours = |n| decisions(&runtime, &manager, tasks, n);
        let again = measure(&baseline, &baseline, rounds);
        let name = format!("control: {tasks} at once, baseline twice");
        write!(out, "{}", again.report(&name, None))?;
        let measured = measure(&baseline, &ours, rounds);
        write!(
            out,
            "{}",
            measured.report(&format!("{tasks} at once"), Some(THRESHOLD))
        )?;
    }
    Ok(())
}

fn bare_calls(runtime: &Runtime, manager: &ConnectionManager, tasks: u32, n: u64) -> Duration {
    runtime.block_on(async {
        let mut running = JoinSet::new();
        let start = Instant::now();
        for task in 0..tasks {
            let mut baseline = Baseline::new(manager.clone(), task, PER_SECOND, BURST);
            running.spawn(async move {
                for _ in 0..n * EACH {
                    assert!(baseline.acquire().await.unwrap());
                }
            });
        }
        running.join_all().await;
        start.elapsed()
    })
}

fn decisions(runtime: &Runtime, manager: &ConnectionManager, tasks: u32, n: u64) -> Duration {
    let limiter = RedisRateLimiter::from_connection_manager(manager.clone());
    let limiter = Arc::new(limiter);
    let quota = Quota::new(PER_SECOND, BURST).unwrap();
    runtime.block_on(async {
        let mut running = JoinSet::new();
        let start = Instant::now();
        for task in 0..tasks {
            let limiter = Arc::clone(&limiter);
            let tenant = TenantId::parse(&format!("tenant-{task}")).unwrap();
            running.spawn(async move {
                for _ in 0..n * EACH {
                    let decision = limiter
                        .acquire(RateKey::Tenant(&tenant), quota)
                        .await
                        .unwrap();
                    assert!(decision.is_admitted());
                }
            });
        }
        running.join_all().await;
        start.elapsed()
    })
}
