use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use tokio::task::JoinSet;

use super::*;
use crate::group_commit::deadline_after;

const SECOND: Duration = Duration::from_secs(1);

/// How many calls run, and the most that ran at the same time.
#[derive(Default)]
struct Running {
    now: AtomicUsize,
    most: AtomicUsize,
}

fn tenant(name: &str, number: usize) -> TenantId {
    TenantId::parse(&format!("{name}{number}")).unwrap()
}

/// Starts eight calls of one tenant, or two calls of each of several tenants. Each call runs for a second, and returns
/// the most calls that ran at the same time.
fn call(
    locks: &TenantLocks,
    name: &str,
    tenants: usize,
    lock_use: LockUse,
    is_locked: bool,
) -> JoinSet<usize> {
    let mut calls = JoinSet::new();
    let running = Arc::<Running>::default();
    for number in 0..(tenants * 2).max(8) {
        let (locks, running) = (locks.clone(), Arc::clone(&running));
        let tenant = tenant(name, number % tenants);
        calls.spawn(async move {
            let work = async {
                let now = running.now.fetch_add(1, SeqCst) + 1;
                running.most.fetch_max(now, SeqCst);
                tokio::time::sleep(SECOND).await;
                running.now.fetch_sub(1, SeqCst);
                if is_locked {
                    return Err(Failure::TenantLocked);
                }
                Ok(())
            };
            let done = locks.run(&tenant, lock_use, deadline_after(SECOND * 60), work);
            assert_eq!(done.await.is_err(), is_locked);
            running.most.load(SeqCst)
        });
    }
    calls
}

/// Lets tenants run into lock timeouts.
async fn lock(locks: &TenantLocks, name: &str, tenants: usize) {
    most(call(locks, name, tenants, LockUse::Long, true)).await;
}

async fn most(calls: JoinSet<usize>) -> usize {
    calls.join_all().await.into_iter().max().unwrap()
}

#[tokio::test(start_paused = true)]
async fn long_calls_of_a_tenant_follow_each_other() {
    let locks = TenantLocks::new(10);
    let calls = call(&locks, "t", 1, LockUse::Long, false);
    let brief = call(&locks, "t", 1, LockUse::Brief, false);
    let start = Instant::now();
    assert_eq!(most(calls).await, 1);
    assert_eq!(start.elapsed(), SECOND * 8);
    assert_eq!(most(brief).await, 4);
}

#[tokio::test(start_paused = true)]
async fn brief_calls_of_a_locked_tenant_follow_each_other() {
    let locks = TenantLocks::new(3);
    lock(&locks, "t", 1).await;
    let calls = call(&locks, "t", 1, LockUse::Brief, true);
    assert_eq!(most(calls).await, 1);
}

#[tokio::test(start_paused = true)]
async fn all_calls_use_half_of_the_connections() {
    for (connections, half) in [(0, 1), (1, 1), (3, 1), (10, 5), (11, 5)] {
        let locks = TenantLocks::new(connections);
        let calls = call(&locks, "t", 12, LockUse::Long, false);
        assert_eq!(most(calls).await, half);
    }
}

#[tokio::test(start_paused = true)]
async fn locked_tenants_share_an_additional_connection() {
    let locks = TenantLocks::new(10);
    lock(&locks, "locked", 4).await;
    let locked = call(&locks, "locked", 4, LockUse::Brief, true);
    let start = Instant::now();
    let free = call(&locks, "free", 10, LockUse::Long, false);
    assert_eq!(most(free).await, 5);
    // Twenty calls, five at a time.
    assert_eq!(start.elapsed(), SECOND * 4);
    assert_eq!(most(locked).await, 1);
}

#[tokio::test(start_paused = true)]
async fn an_unlocked_tenant_uses_all_permits_again() {
    let locks = TenantLocks::new(10);
    lock(&locks, "t", 4).await;
    for number in 0..4 {
        let (tenant, end) = (tenant("t", number), deadline_after(SECOND));
        let done = locks.run(&tenant, LockUse::Long, end, async { Ok(()) });
        done.await.unwrap();
    }
    assert!(locks.lock().is_empty());
    let calls = call(&locks, "t", 4, LockUse::Long, false);
    assert_eq!(most(calls).await, 4);
}

#[tokio::test(start_paused = true)]
async fn a_row_counts_as_locked_for_limited_time() {
    let locks = TenantLocks::new(10);
    lock(&locks, "t", 4).await;
    tokio::time::advance(LOCKED_FOR).await;
    let calls = call(&locks, "t", 4, LockUse::Long, false);
    assert_eq!(most(calls).await, 4);
}

#[tokio::test(start_paused = true)]
async fn no_tenant_waits_for_locked_tenants_for_long() {
    let locks = TenantLocks::new(10);
    lock(&locks, "t", 2).await;
    let [first, second] = [0, 1].map(|number| tenant("t", number));
    let end = deadline_after(SECOND * 60);
    let work = std::future::pending::<Result<(), _>>();
    let endless = locks.run(&first, LockUse::Long, end, work);
    let start = Instant::now();
    let waiting = locks.run(&second, LockUse::Long, end, async { Ok(()) });
    tokio::select! {
        biased;
        _ = endless => unreachable!(),
        done = waiting => done.unwrap(),
    }
    assert!(start.elapsed() <= LOCKED_FOR, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn simultaneous_lock_timeouts_count_once() {
    let locks = TenantLocks::new(10);
    let tenant = tenant("t", 0);
    let begun = Instant::now();
    tokio::time::advance(SECOND).await;
    for _ in 0..4 {
        locks.record(&tenant, begun);
    }
    assert_eq!(locks.locked_until(&tenant), None);
    locks.record(&tenant, Instant::now());
    let end = Instant::now() + LOCKED_FOR;
    assert_eq!(locks.locked_until(&tenant), Some(end));
}

#[tokio::test(start_paused = true)]
async fn a_late_call_says_whether_the_row_is_locked() {
    let locks = TenantLocks::new(10);
    let tenant = tenant("t", 0);
    let mut messages = Vec::new();
    for is_locked in [false, true, true] {
        let calls = call(&locks, "t", 1, LockUse::Long, is_locked);
        tokio::task::yield_now().await;
        let work = async { Ok(()) };
        let late = locks.run(&tenant, LockUse::Long, Instant::now(), work);
        messages.push(late.await.unwrap_err().to_string());
        most(calls).await;
    }
    let [not_begun, locked] =
        [Failure::NotBegun, Failure::TenantLocked].map(|failure| failure.to_string());
    assert_eq!(messages, [not_begun.clone(), not_begun, locked]);
}
