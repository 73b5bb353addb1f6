//! Processes that share one server.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _, stdin},
    net::{IpAddr, Ipv4Addr},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use oauth_dcr::{
    BackendError, MemoryStore, Registrar, RegistrationError, TenantSettings, Timestamp,
    acl::Signals,
    rate_limit::Quota,
    redis::RedisRateLimiter,
    system::{Clock, SystemClock},
    tenants::{TenantDirectory, TenantSelector},
};
use private_servers::PrivateRedis;
use tokio::task::JoinSet;

use crate::{WAIT_LIMIT, number, quota, tenant};

/// The environment of a worker: the server, and how many seconds its clock is off.
const URL: &str = "OAUTH_DCR_WORKER_URL";
const OFF: &str = "OAUTH_DCR_WORKER_CLOCK_OFF";

const PROCESSES: usize = 3;
const REQUESTS_EACH: usize = 20;

/// The prefix of a worker's lines, which tells them from those of the test harness.
const MARK: &str = "worker: ";

/// This test starts itself as its workers; the environment says whether it is a worker.
#[test]
fn processes_with_different_clocks_share_one_burst() {
    if let Ok(url) = env::var(URL) {
        work(&url);
        return;
    }
    let redis = PrivateRedis::start();
    let trials = number("OAUTH_DCR_TRIALS", 10);
    let mut workers = ["0", "3600", "-3600"].map(|off| Worker::start(&redis, off));
    assert_eq!(workers.len(), PROCESSES);
    let mut exact = 0;
    for trial in 0..trials {
        let start = Instant::now();
        for worker in &mut workers {
            worker.go(trial);
        }
        let admitted: u32 = workers.iter_mut().map(Worker::admitted).sum();
        // One token comes back each second; that is slow, but no machine is too slow for this test.
        let most = 5 + u32::try_from((start.elapsed() * 101 / 100).as_secs()).unwrap();
        assert!(
            (5..=most).contains(&admitted),
            "{admitted} in trial {trial}"
        );
        exact += u32::from(admitted == 5);
    }
    println!("{exact} of {trials} trials admitted exactly 5 of 60");
}

/// This test also starts itself as its workers.
#[test]
fn processes_share_the_quota_of_a_source() {
    if let Ok(url) = env::var(URL) {
        work(&url);
        return;
    }
    let redis = PrivateRedis::start();
    let this = "processes::processes_share_the_quota_of_a_source";
    let mut workers = ["0", "3600", "-3600"].map(|off| Worker::start_in(this, &redis, off));
    let mut admitted = |addresses: [&str; PROCESSES]| -> u32 {
        for (worker, address) in workers.iter_mut().zip(addresses) {
            worker.send(&format!("noisy {address}"));
        }
        workers.iter_mut().map(Worker::admitted).sum()
    };
    // All 60 requests are from one address in different forms: its burst. Tokens come back after
    // half an hour.
    let one = ["203.0.113.5 0", "203.0.113.5 0", "::ffff:203.0.113.5 0"];
    assert_eq!(admitted(one), 3);
    let one = ["2001:db8::1 0", "2001:db8::2 0", "2001:db8::ffff 0"];
    assert_eq!(admitted(one), 3);
    // 60 requests from 60 addresses: the two sources left the rest of the tenant's 20 tokens.
    let many = ["198.51.100.0 1", "198.51.100.100 1", "198.51.100.200 1"];
    assert_eq!(admitted(many), 14);
    assert_eq!(admitted(many), 0);
}

struct Worker {
    process: Child,
    orders: ChildStdin,
    lines: BufReader<ChildStdout>,
}

impl Worker {
    fn start(redis: &PrivateRedis, clock_off: &str) -> Self {
        let this = "processes::processes_with_different_clocks_share_one_burst";
        Self::start_in(this, redis, clock_off)
    }

    /// A worker within this test.
    fn start_in(this: &str, redis: &PrivateRedis, clock_off: &str) -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", this, "--nocapture"])
            .env(URL, redis.url())
            .env(OFF, clock_off)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut worker = Self {
            orders: process.stdin.take().unwrap(),
            lines: BufReader::new(process.stdout.take().unwrap()),
            process,
        };
        assert_eq!(worker.line(), "ready");
        worker
    }

    /// Makes the worker send its requests.
    fn go(&mut self, trial: u32) {
        self.send(&format!("trial-{trial}"));
    }

    fn send(&mut self, order: &str) {
        writeln!(self.orders, "{order}").unwrap();
    }

    /// How many of the requests were admitted.
    fn admitted(&mut self) -> u32 {
        self.line().parse().unwrap()
    }

    fn line(&mut self) -> String {
        loop {
            let mut line = String::new();
            let read = self.lines.read_line(&mut line).unwrap();
            assert_ne!(read, 0, "the worker ended");
            if let Some((_, said)) = line.split_once(MARK) {
                return said.trim().to_owned();
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads orders. For each order, sends requests and reports how many were admitted. An order is the
/// name of a tenant and optionally the source of its requests: an IPv4 address and the number that
/// is added for each further request, or an IPv6 address and 0.
#[tokio::main]
async fn work(url: &str) {
    let limiter = RedisRateLimiter::connect(url).await.unwrap();
    let registrar = Registrar::builder(MemoryStore::new())
        .tenants(AnyTenant)
        .clock(WrongClock::new())
        .limiter(limiter.wait_at_most(WAIT_LIMIT))
        .build()
        .unwrap();
    println!("{MARK}ready");
    for line in stdin().lines() {
        let line = line.unwrap();
        let words: Vec<_> = line.split(' ').collect();
        let tenant = tenant(words[0]);
        let mut requests = JoinSet::new();
        for number in 0..REQUESTS_EACH {
            let (registrar, tenant) = (registrar.clone(), tenant.clone());
            let signals = match words[1..] {
                [first, step] => Signals::from_peer(address(first, step, number)),
                _ => Signals::new(),
            };
            requests.spawn(async move {
                let selector = TenantSelector::Id(&tenant);
                match registrar.admit(selector, signals).await {
                    Ok(_) => 1,
                    Err(
                        RegistrationError::TooManyRequests { .. }
                        | RegistrationError::TooManyRequestsFromSource { .. },
                    ) => 0,
                    Err(error) => panic!("{error:?}"),
                }
            });
        }
        let admitted: u32 = requests.join_all().await.into_iter().sum();
        println!("{MARK}{admitted}");
    }
}

fn address(first: &str, step: &str, number: usize) -> IpAddr {
    match first.parse().unwrap() {
        IpAddr::V4(first) => {
            let step: u32 = step.parse().unwrap();
            let number = u32::try_from(number).unwrap();
            Ipv4Addr::from_bits(first.to_bits() + step * number).into()
        }
        first @ IpAddr::V6(_) => first,
    }
}

/// Knows every tenant, with a burst of 5 and one token a second. The tenant `noisy` has a burst of
/// 20, and 3 for each source.
struct AnyTenant;

impl TenantDirectory for AnyTenant {
    async fn find(
        &self,
        selector: TenantSelector<'_>,
    ) -> Result<Option<Arc<TenantSettings>>, BackendError> {
        let TenantSelector::Id(id) = selector else {
            return Ok(None);
        };
        let mut settings = TenantSettings::with_id(id.clone()).enabled();
        settings.registration.rate_limit = Some(quota(1, 5));
        if id.as_str() == "noisy" {
            settings.registration.rate_limit = Quota::per_hour(1, 20).ok();
            settings.registration.rate_limit_per_source = Quota::per_hour(2, 3).ok();
        }
        Ok(Some(Arc::new(settings)))
    }
}

/// Works, but its time is wrong.
struct WrongClock {
    system: SystemClock,
    off_seconds: i64,
}

impl WrongClock {
    fn new() -> Self {
        Self {
            system: SystemClock::new(),
            off_seconds: env::var(OFF).unwrap().parse().unwrap(),
        }
    }
}

impl Clock for WrongClock {
    fn now(&self) -> Timestamp {
        let now = self.system.now().unix_millis();
        Timestamp::from_unix_millis(now.saturating_add_signed(self.off_seconds * 1_000))
    }

    fn monotonic(&self) -> Duration {
        let off = Duration::from_secs(self.off_seconds.unsigned_abs());
        let day = Duration::from_hours(24) + self.system.monotonic();
        if self.off_seconds < 0 {
            day.saturating_sub(off)
        } else {
            day + off
        }
    }
}
