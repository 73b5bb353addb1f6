//! Processes that share one server.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _, stdin},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use oauth_dcr::{
    BackendError, Clock, MemoryStore, RedisRateLimiter, Registrar, RegistrationError, SystemClock,
    TenantDirectory, TenantSelector, TenantSettings, Timestamp, acl::Signals,
};
use tokio::task::JoinSet;

use crate::{PATIENCE, number, private_redis::PrivateRedis, quota, tenant};

/// What the environment tells a worker: the server, and how many seconds its clock is off.
const URL: &str = "OAUTH_DCR_WORKER_URL";
const OFF: &str = "OAUTH_DCR_WORKER_CLOCK_OFF";

const PROCESSES: usize = 3;
const REQUESTS_EACH: usize = 20;

/// What a worker's lines begin with, among those of the test harness.
const MARK: &str = "worker: ";

/// This test starts itself as its workers, and is one where the environment says so.
#[test]
fn three_processes_with_different_clocks_admit_one_burst_in_all() {
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
        // One token comes back a second; that is long, but no machine is too slow for this test.
        let most = 5 + u32::try_from((start.elapsed() * 101 / 100).as_secs()).unwrap();
        assert!(
            (5..=most).contains(&admitted),
            "{admitted} in trial {trial}"
        );
        exact += u32::from(admitted == 5);
    }
    println!("{exact} of {trials} trials admitted exactly 5 of 60");
}

struct Worker {
    process: Child,
    orders: ChildStdin,
    lines: BufReader<ChildStdout>,
}

impl Worker {
    fn start(redis: &PrivateRedis, clock_off: &str) -> Self {
        let this = "processes::three_processes_with_different_clocks_admit_one_burst_in_all";
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

    /// Makes it send its requests.
    fn go(&mut self, trial: u32) {
        writeln!(self.orders, "trial-{trial}").unwrap();
    }

    /// How many of them were admitted.
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

/// Reads names of tenants; for each, sends requests and says how many were admitted.
#[tokio::main]
async fn work(url: &str) {
    let limiter = RedisRateLimiter::connect(url).await.unwrap();
    let registrar = Registrar::builder(MemoryStore::new())
        .tenants(AnyTenant)
        .clock(WrongClock::new())
        .limiter(limiter.wait_at_most(PATIENCE))
        .build()
        .unwrap();
    println!("{MARK}ready");
    for line in stdin().lines() {
        let tenant = tenant(&line.unwrap());
        let mut requests = JoinSet::new();
        for _ in 0..REQUESTS_EACH {
            let (registrar, tenant) = (registrar.clone(), tenant.clone());
            requests.spawn(async move {
                let selector = TenantSelector::Id(&tenant);
                match registrar.admit(selector, Signals::new()).await {
                    Ok(_) => 1,
                    Err(RegistrationError::TooManyRequests { .. }) => 0,
                    Err(error) => panic!("{error:?}"),
                }
            });
        }
        let admitted: u32 = requests.join_all().await.into_iter().sum();
        println!("{MARK}{admitted}");
    }
}

/// There is every tenant that is asked for, with a burst of 5 and one token a second.
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
        Ok(Some(Arc::new(settings)))
    }
}

/// Goes right, but was set wrong.
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
