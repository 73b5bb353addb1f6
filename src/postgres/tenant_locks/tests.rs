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

/// Has two calls of each of so many tenants run for a second. Counts the most that run at the same time.
fn call(locks: &TenantLocks, name: &str, tenants: usize, is_held: bool) -> JoinSet<usize> {
    let mut calls = JoinSet::new();
    let running = Arc::<Running>::default();
    for number in 0..tenants * 2 {
        let (locks, running) = (locks.clone(), Arc::clone(&running));
        let tenant = tenant(name, number % tenants);
        calls.spawn(async move {
            let work = async {
                let now = running.now.fetch_add(1, SeqCst) + 1;
                running.most.fetch_max(now, SeqCst);
                tokio::time::sleep(SECOND).await;
                running.now.fetch_sub(1, SeqCst);
                if is_held {
                    return Err(Failure::TenantLocked);
                }
                Ok(())
            };
            let done = locks.run(&tenant, deadline_after(SECOND * 60), work);
            assert_eq!(done.await.is_err(), is_held);
            running.most.load(SeqCst)
        });
    }
    calls
}

async fn most(calls: JoinSet<usize>) -> usize {
    calls.join_all().await.into_iter().max().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_tenant_has_one_turn_at_a_time() {
    let locks = TenantLocks::new(10);
    assert_eq!(most(call(&locks, "t", 1, false)).await, 1);
}

#[tokio::test(start_paused = true)]
async fn all_turns_use_half_of_the_connections() {
    for (connections, half) in [(0, 1), (1, 1), (3, 1), (10, 5), (11, 5)] {
        let locks = TenantLocks::new(connections);
        assert_eq!(most(call(&locks, "t", 12, false)).await, half);
    }
}

#[tokio::test(start_paused = true)]
async fn held_tenants_share_one_connection_more() {
    let locks = TenantLocks::new(10);
    most(call(&locks, "held", 8, true)).await;
    let held = call(&locks, "held", 8, true);
    let start = Instant::now();
    assert_eq!(most(call(&locks, "free", 10, false)).await, 5);
    // Twenty calls, five at a time.
    assert_eq!(start.elapsed(), SECOND * 4);
    assert_eq!(most(held).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_is_free_again_is_like_others() {
    let locks = TenantLocks::new(10);
    most(call(&locks, "t", 8, true)).await;
    most(call(&locks, "t", 8, false)).await;
    assert_eq!(most(call(&locks, "t", 8, false)).await, 5);
    most(call(&locks, "t", 8, true)).await;
    tokio::time::advance(HELD_FOR).await;
    assert_eq!(most(call(&locks, "t", 8, false)).await, 5);
    assert!(locks.lock().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_late_call_says_whether_the_row_is_held() {
    let locks = TenantLocks::new(10);
    let tenant = tenant("t", 0);
    let mut told = Vec::new();
    for is_held in [false, true, true] {
        let calls = call(&locks, "t", 1, is_held);
        tokio::task::yield_now().await;
        let late = locks.run(&tenant, Instant::now(), async { Ok(()) }).await;
        told.push(late.unwrap_err().to_string());
        most(calls).await;
    }
    let [not_begun, locked] = [Failure::NotBegun, Failure::TenantLocked].map(|it| it.to_string());
    assert_eq!(told, [not_begun.clone(), not_begun, locked]);
}
