//! A limiter that is right but for one fault.

mod decision;
mod departure;
mod key;

use std::{
    cell::RefCell,
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use oauth_dcr::{
    rate_limit::{Quota, RateDecision, RateKey, RateLimiter},
    system::Clock,
};
use tokio::{task::yield_now, time::sleep};

use self::{decision::Bucket, departure::Departure};
use super::Acquired;

macro_rules! faults {
    ($($fault:ident: $real:literal, $clock:literal;)*) => {
        /// What is wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Fault {
            None,
            $($fault),*
        }

        impl Fault {
            /// Those that the suite in real time has to catch.
            pub(super) fn seen_in_real_time() -> Vec<Self> {
                let all = [$((Self::$fault, $real)),*].into_iter();
                all.filter(|it| it.1).map(|it| it.0).collect()
            }

            /// Those that the suite with a clock has to catch.
            pub(super) fn seen_by_a_clock() -> Vec<Self> {
                let all = [$((Self::$fault, $clock)),*].into_iter();
                all.filter(|it| it.1).map(|it| it.0).collect()
            }
        }
    };
}

// Each with whether the suite in real time is run on it, and whether the suite with a clock is.
// Whose bucket it is, both check by the same requests.
faults! {
    // Whose bucket it is.
    FoldsCase: true, true;
    CutsLongIds: true, false;
    JoinsTenantAndSource: true, false;
    JoinsThemByColon: true, false;
    GroupsIpv4Networks: true, false;
    GroupsIpv6Networks: true, true;
    MixesUnknownWithZero: true, false;
    SharesTheSourceOfAllTenants: true, false;
    KeysBySixteenBits: true, false;
    IgnoresTheBurst: true, false;
    IgnoresTheRate: true, false;
    ComparesTheTimeToFill: true, true;
    KeysByTheWrittenQuota: true, false;
    RefillsWhenTheQuotaChanges: true, true;
    ForgetsAllWhenMany: true, false;
    ForgetsTheOldestWhenMany: true, false;
    // When tokens return.
    CountsRefused: true, true;
    PutsOffAtRefusal: true, true;
    FixedWindow: true, true;
    NeedsAQuietTime: true, true;
    RefillsInBlocks: true, true;
    LosesFractions: true, true;
    OverfillsWhenIdle: true, true;
    ForgetsAfterWholeSeconds: true, true;
    ForgetsAfterOnePeriod: true, true;
    TwoPercentFast: true, true;
    TwoPercentSlow: true, true;
    ClockInSeconds: true, true;
    ClockInTenths: true, true;
    ClockOf32BitsOfMillis: false, true;
    LaterByOneNanosecond: false, true;
    EarlierByOneNanosecond: false, true;
    // What is told.
    TellsAWholePeriod: true, true;
    TellsWholeSeconds: true, true;
    TellsWholeMilliseconds: false, true;
    TellsTokensRoundedUp: true, true;
    TellsTokensBefore: true, true;
    CountsBurstsInOneByte: true, true;
    TellsWhatItReadFirst: true, true;
    // Races, and callers that go away.
    YieldsBeforeWriting: true, true;
    YieldsAtTheLastToken: true, true;
    YieldsForNewKeys: true, true;
    KeepsTheKeyInTheLimiter: true, true;
    BucketsOfThreads: true, false;
    GivesBackForTheGone: true, true;
    GivesBackTwice: true, true;
    GivesBackBeforeTheThirdTrip: true, false;
    RestoresForTheGone: true, true;
    TakesAtEachDrop: true, true;
    StaysBusyForTheGone: true, false;
}

/// How long a server takes to answer.
const TRIP: Duration = Duration::from_millis(2);

type States = HashMap<String, Bucket>;

pub(super) struct Faulty {
    fault: Fault,
    clock: Arc<dyn Clock>,
    states: Mutex<States>,
    busy: AtomicBool,
    /// The name of the bucket that was asked for last.
    current: Mutex<String>,
}

impl Faulty {
    pub(super) fn new(fault: Fault, clock: Arc<dyn Clock>) -> Self {
        Self {
            fault,
            clock,
            states: Mutex::default(),
            busy: AtomicBool::new(false),
            current: Mutex::default(),
        }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    /// The time in nanoseconds.
    fn now(&self) -> i128 {
        let now = i128::try_from(self.clock.monotonic().as_nanos()).unwrap();
        let (tenth, millisecond) = (100_000_000, 1_000_000);
        match self.fault {
            Fault::ClockInSeconds => now / (10 * tenth) * (10 * tenth),
            Fault::ClockInTenths => now / tenth * tenth,
            Fault::TwoPercentFast => now * 102 / 100,
            Fault::TwoPercentSlow => now * 98 / 100,
            Fault::ClockOf32BitsOfMillis => now % (millisecond << 32),
            _ => now,
        }
    }

    fn states(&self) -> MutexGuard<'_, States> {
        self.states.lock().unwrap()
    }

    /// Forgets buckets when there are many.
    fn make_room(&self, states: &mut States) {
        if states.len() <= 1_000 {
            return;
        }
        if self.has(Fault::ForgetsAllWhenMany) {
            states.clear();
        }
        if self.has(Fault::ForgetsTheOldestWhenMany) {
            let oldest = states.iter().min_by_key(|it| it.1.used_at);
            let oldest = oldest.map(|it| it.0.clone()).unwrap();
            states.remove(&oldest);
        }
    }

    /// Goes to a server and back, twice.
    async fn travels(&self) {
        match self.fault {
            Fault::GivesBackBeforeTheThirdTrip => {
                self.waits().await;
                self.waits().await;
            }
            Fault::TellsWhatItReadFirst => yield_now().await,
            _ => {}
        }
    }

    async fn waits(&self) {
        match self.fault {
            Fault::GivesBackBeforeTheThirdTrip => sleep(TRIP).await,
            _ => yield_now().await,
        }
    }

    /// The right decision, with the tokens that remain of those that were read before.
    fn told(&self, before: Option<Bucket>, quota: Quota, decision: RateDecision) -> RateDecision {
        let mut bucket = before.unwrap_or_default();
        let stale = bucket.decide(self.fault, self.now(), quota);
        if decision.is_admitted() && stale.is_admitted() {
            return stale;
        }
        decision
    }

    async fn yields(&self, bucket: Option<&Bucket>, quota: Quota) -> Option<Bucket> {
        let yields = match self.fault {
            Fault::YieldsBeforeWriting => true,
            Fault::YieldsAtTheLastToken => {
                bucket.is_some_and(|it| it.has_one_token(self.now(), quota))
            }
            Fault::YieldsForNewKeys => bucket.is_none(),
            _ => return None,
        };
        if yields {
            yield_now().await;
        }
        yields.then(|| bucket.copied().unwrap_or_default())
    }
}

thread_local! {
    static OF_THIS_THREAD: RefCell<States> = RefCell::default();
}

impl RateLimiter for Faulty {
    async fn acquire(&self, key: RateKey<'_>, quota: Quota) -> Acquired {
        let mut name = key::name(self.fault, key, quota);
        if self.has(Fault::KeepsTheKeyInTheLimiter) {
            name.clone_into(&mut self.current.lock().unwrap());
            yield_now().await;
            self.current.lock().unwrap().clone_into(&mut name);
        }
        if self.has(Fault::BucketsOfThreads) {
            return OF_THIS_THREAD.with_borrow_mut(|states| {
                let bucket = states.entry(name).or_default();
                Ok(bucket.decide(self.fault, self.now(), quota))
            });
        }
        let before = self.states().get(&name).copied();
        let read = self.yields(before.as_ref(), quota).await;
        if self.has(Fault::StaysBusyForTheGone) {
            while self.busy.swap(true, Ordering::SeqCst) {
                sleep(Duration::from_millis(1)).await;
            }
            yield_now().await;
            self.busy.store(false, Ordering::SeqCst);
        }
        self.travels().await;
        let mut guard = Departure {
            limiter: self,
            name: &name,
            quota,
            before,
            waits: false,
        };
        let decision = {
            let mut states = self.states();
            self.make_room(&mut states);
            let bucket = states.entry(name.clone()).or_default();
            if let Some(read) = read {
                *bucket = read;
            }
            bucket.decide(self.fault, self.now(), quota)
        };
        if guard.is_of_departures() {
            guard.waits = true;
            self.waits().await;
            guard.waits = false;
        }
        Ok(match self.fault {
            Fault::TellsWhatItReadFirst => self.told(before, quota, decision),
            _ => decision,
        })
    }
}
