//! The script and the local limiter make the same decisions, at any time and with any quota.

use std::{
    cell::{Cell, RefCell},
    sync::{Arc, Mutex},
    time::Duration,
};

use oauth_dcr::{
    TenantId, Timestamp,
    rate_limit::{InvalidQuota, LocalRateLimiter, Quota, RateDecision, RateKey, RateLimiter as _},
    system::Clock,
    types::SourceNetwork,
};
use private_servers::PrivateRedis;
use proptest::{prelude::*, test_runner::TestRunner};
use redis::{Client, Connection, Script};

/// The module with which the limiter reads the script's replies, and what this module needs of the
/// crate.
#[path = "../../src/redis/bucket.rs"]
mod arithmetic;

use arithmetic::Bucket;

/// Later than any real time, so that no key expires during the test.
const BASE: Duration = Duration::from_hours(1_139_568);

/// The real script, except that it takes the time from its arguments.
fn script() -> Script {
    let text = include_str!("../../src/redis/acquire.lua");
    let (time, given) = (
        "= server_time()\n",
        "= tonumber(ARGV[4]), tonumber(ARGV[5])\n",
    );
    assert_eq!(text.matches(time).count(), 1, "one place reads the time");
    Script::new(&text.replace(time, given))
}

struct Scripted {
    script: Script,
    connection: RefCell<Connection>,
    _server: PrivateRedis,
}

impl Scripted {
    fn new() -> Self {
        let server = PrivateRedis::start();
        let connection = Client::open(server.url())
            .unwrap()
            .get_connection()
            .unwrap();
        Self {
            script: script(),
            connection: RefCell::new(connection),
            _server: server,
        }
    }

    fn acquire(&self, key: &str, quota: Quota, now: Duration) -> RateDecision {
        let bucket = Bucket::of(quota);
        let reply = self
            .script
            .key(key)
            .arg(bucket.period)
            .arg(bucket.rest.as_secs())
            .arg(bucket.rest.subsec_nanos())
            .arg(now.as_secs())
            .arg(now.subsec_nanos())
            .invoke(&mut *self.connection.borrow_mut())
            .unwrap();
        bucket.decision(reply).unwrap()
    }

    fn set(&self, key: &str, value: &str) {
        let set = redis::cmd("SET")
            .arg(key)
            .arg(value)
            .exec(&mut *self.connection.borrow_mut());
        set.unwrap();
    }

    /// The stored time at which the bucket is full.
    fn full_at(&self, key: &str) -> Duration {
        let kept: String = redis::cmd("GET")
            .arg(key)
            .query(&mut *self.connection.borrow_mut())
            .unwrap();
        let (seconds, nanoseconds) = kept.split_once('.').unwrap();
        assert_eq!(nanoseconds.len(), 9, "{kept}");
        Duration::new(seconds.parse().unwrap(), nanoseconds.parse().unwrap())
    }

    /// When the key expires.
    fn expires_at(&self, key: &str) -> Duration {
        let expires = redis::cmd("PEXPIRETIME")
            .arg(key)
            .query(&mut *self.connection.borrow_mut());
        Duration::from_millis(expires.unwrap())
    }
}

/// A clock with nanoseconds whose wall time is never read.
#[derive(Debug)]
struct Nanoseconds(Mutex<Duration>);

impl Clock for Nanoseconds {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(0)
    }

    fn monotonic(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

fn local() -> (Arc<Nanoseconds>, LocalRateLimiter) {
    let clock = Arc::new(Nanoseconds(Mutex::new(Duration::ZERO)));
    (Arc::clone(&clock), LocalRateLimiter::with_clock(clock))
}

/// Quotas of all sizes, mostly small and extreme ones.
fn quotas() -> impl Strategy<Value = Quota> {
    type New = fn(u32, u32) -> Result<Quota, InvalidQuota>;
    let units: [(New, u32); 3] = [
        (Quota::new, Quota::MAX_PER_SECOND),
        (Quota::per_minute, Quota::MAX_PER_MINUTE),
        (Quota::per_hour, Quota::MAX_PER_HOUR),
    ];
    let rates = prop::sample::select(units.to_vec()).prop_flat_map(|(new, most)| {
        let tokens = prop_oneof![1..=10_u32, 1..=most, Just(most), Just(3), Just(7)];
        (Just(new), tokens)
    });
    let burst = prop_oneof![4 => 1..=8_u32, 1 => 1..=u32::MAX, 1 => Just(u32::MAX), 1 => Just(1)];
    (rates, burst).prop_map(|((new, tokens), burst)| match new(tokens, burst) {
        Err(InvalidQuota::BurstTooLarge { max }) => new(tokens, max).unwrap(),
        quota => quota.unwrap(),
    })
}

/// The change of the clock before a request.
#[derive(Clone, Copy, Debug)]
enum Step {
    Stays,
    /// This many nanoseconds.
    Goes(u64),
    /// To the time that the last decision named, plus or minus this many nanoseconds.
    WaitsAsTold(i64),
    /// Behind the latest time so far, by less than one second, which delays no request longer.
    StepsBack(u64),
    /// The time in which this many thousandths of the bucket refill.
    Fills(u64),
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Stays),
        2 => (0..2_000_000_000_u64).prop_map(Step::Goes),
        1 => (0..9_000_000_000_000_u64).prop_map(Step::Goes),
        1 => (0..3_000_u64).prop_map(Step::Goes),
        3 => (-1..=1_i64).prop_map(Step::WaitsAsTold),
        1 => (0..1_000_000_000_u64).prop_map(Step::StepsBack),
        1 => (0..1_500_u64).prop_map(Step::Fills),
    ]
}

/// The time after `step`.
fn after(
    step: Step,
    now: Duration,
    latest: Duration,
    quota: Quota,
    last: Option<RateDecision>,
) -> Duration {
    match step {
        Step::Stays => now,
        Step::Goes(nanoseconds) => now + Duration::from_nanos(nanoseconds),
        Step::WaitsAsTold(off) => {
            let wait = last
                .and_then(|decision| decision.retry_after())
                .unwrap_or_default();
            (now + wait + Duration::from_nanos(1))
                .saturating_sub(Duration::from_nanos((1 - off).unsigned_abs()))
        }
        Step::StepsBack(nanoseconds) => latest.saturating_sub(Duration::from_nanos(nanoseconds)),
        Step::Fills(thousandths) => {
            // A bucket may take a century to fill; the expiry counts milliseconds from 1970.
            let whole = Bucket::of(quota).rest.as_nanos() / 1_000;
            let part = u64::try_from(whole).unwrap().saturating_mul(thousandths);
            now + Duration::from_nanos(part.min(4_000_000_000_000_000_000))
        }
    }
}

#[test]
fn the_script_decides_as_the_local_limiter_does() {
    let scripted = Scripted::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let (case, decisions, refusals) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let strategy = (quotas(), prop::collection::vec(steps(), 1..120));
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(&strategy, |(quota, steps)| {
            case.set(case.get() + 1);
            let key = format!("case-{}", case.get());
            let (clock, local) = local();
            // The time of the local limiter begins with the first request of a quota.
            let other = TenantId::parse("other").unwrap();
            runtime
                .block_on(local.acquire(RateKey::Tenant(&other), quota))
                .unwrap();
            let tenant = TenantId::parse("tenant").unwrap();
            let source = SourceNetwork::of(None);
            let (mut now, mut latest, mut last) = (Duration::from_secs(2), Duration::ZERO, None);
            for step in steps {
                now = after(step, now, latest, quota, last);
                latest = latest.max(now);
                // The clock of the local limiters ends after 292 years. After this they give no
                // more tokens.
                prop_assume!(latest < Duration::from_hours(2_500_000));
                *clock.0.lock().unwrap() = now;
                let acquire = |key| runtime.block_on(local.acquire(key, quota)).unwrap();
                let expected = acquire(RateKey::Tenant(&tenant));
                let of_source = acquire(RateKey::Source(&tenant, source));
                prop_assert_eq!(of_source, expected, "{:?} at {:?}", step, now);
                let decided = scripted.acquire(&key, quota, BASE + now);
                prop_assert_eq!(decided, expected, "{:?} at {:?}", step, now);
                decisions.set(decisions.get() + 1);
                refusals.set(refusals.get() + u32::from(!decided.is_admitted()));
                last = Some(decided);
            }
            let full_at = scripted.full_at(&key);
            prop_assert_eq!(scripted.expires_at(&key), up_to_millis(full_at));
            Ok(())
        })
        .unwrap();
    let (decisions, refusals) = (decisions.get(), refusals.get());
    println!("{decisions} decisions compared, {refusals} of them refusals");
    assert!(decisions > 10_000 && refusals > 1_000, "too few decisions");
}

/// Rounded up to whole milliseconds, like the expiry of a key.
fn up_to_millis(time: Duration) -> Duration {
    let millis = time.as_nanos().div_ceil(1_000_000);
    Duration::from_millis(u64::try_from(millis).unwrap())
}

/// How many of 100 requests at `now` are admitted.
fn admitted(scripted: &Scripted, key: &str, now: Duration) -> usize {
    let decisions = (0..100).map(|_| scripted.acquire(key, Quota::default(), now));
    decisions.filter(RateDecision::is_admitted).count()
}

#[test]
fn a_clock_stepping_back_changes_no_decision() {
    let scripted = Scripted::new();
    let second = Duration::from_secs(1);
    for back in [
        Duration::from_nanos(1),
        second,
        2 * second,
        3600 * second,
        40 * 365 * 86_400 * second,
    ] {
        let key = format!("back-{back:?}");
        let start = BASE + 3600 * second;
        assert_eq!(admitted(&scripted, &key, start), 5);
        let earlier = start.checked_sub(back).unwrap();
        assert_eq!(admitted(&scripted, &key, earlier), 0, "{back:?} back");
        // After a delay of at most one second, tokens come back at the normal rate.
        let later = earlier + second + second / 5;
        assert!(
            (1..=6).contains(&admitted(&scripted, &key, later)),
            "{back:?} back"
        );
        assert_eq!(
            admitted(&scripted, &key, later + second),
            5,
            "{back:?} back"
        );
        let full_at = later + 2 * second;
        assert_eq!(scripted.full_at(&key), full_at, "{back:?} back");
        assert_eq!(
            scripted.expires_at(&key),
            up_to_millis(full_at),
            "{back:?} back"
        );
    }
}

#[test]
fn a_damaged_bucket_counts_as_empty() {
    let scripted = Scripted::new();
    let nines = "9".repeat(400);
    for garbage in [
        "",
        "0",
        "full",
        "1.5",
        "-1.000000000",
        "4102444800.00000000",
        "4102444800.0000000000",
        " 4102444800.000000000",
        "4102444800.000000000\n",
        "0x10.000000000",
        "nan.000000000",
        "9999999999.000000000",
        "99999999999999999999.999999999",
        &format!("{nines}.000000000"),
    ] {
        scripted.set("garbage", garbage);
        assert_eq!(admitted(&scripted, "garbage", BASE), 0, "{garbage:?}");
        // The garbage was replaced by a bucket with an expiry.
        assert_eq!(
            scripted.full_at("garbage"),
            BASE + Duration::from_secs(1),
            "{garbage:?}"
        );
        assert_eq!(
            scripted.expires_at("garbage"),
            BASE + Duration::from_secs(1),
            "{garbage:?}"
        );
        let later = BASE + Duration::from_millis(600);
        assert_eq!(admitted(&scripted, "garbage", later), 3, "{garbage:?}");
    }
}
