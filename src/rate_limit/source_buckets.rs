use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    rate_limit::{
        Quota, RateDecision,
        quota::{BucketShape, nanos},
    },
    types::{SourceNetwork, TenantId},
};

/// A bucket for each source of each tenant, in a table of limited size.
///
/// Buckets that are full again are removed. While the table is full, further sources of a tenant share one
/// bucket. So under a flood from many sources, more requests are refused, never more admitted.
///
/// The caller passes the time. A bucket is stored as the moment at which it will be full again (GCRA).
pub(crate) struct SourceBuckets {
    max: usize,
    table: Mutex<Table>,
}

struct Table {
    /// The moment at which each bucket is full, in nanoseconds of the clock.
    full_at: HashMap<Key, u64>,
    swept_at: u64,
    /// Requests until the next sweep.
    until_sweep: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    tenant: TenantId,
    /// The source, or `None` for the bucket that further sources share.
    source: Option<SourceNetwork>,
    shape: BucketShape,
}

/// A token that was taken and can be given back.
#[derive(Debug)]
pub(crate) struct Taken(Key);

/// The smallest number of requests between two sweeps. A sweep visits each bucket, so there is a sweep
/// only after at least as many requests as there are buckets.
const SWEEP_EVERY: usize = 1_024;

/// The nanoseconds between two sweeps of a full table. After a bucket is full again, it takes at most this
/// long until a new source can get its place.
const SWEEP_FULL_EVERY: u64 = 100_000_000;

impl SourceBuckets {
    /// A table for at most `max` sources, with one more bucket for each tenant and quota.
    pub(crate) fn with_max(max: usize) -> Self {
        let table = Table {
            full_at: HashMap::new(),
            swept_at: 0,
            until_sweep: SWEEP_EVERY,
        };
        Self {
            max,
            table: Mutex::new(table),
        }
    }

    /// Takes a token from the bucket of `source`, if a token is left.
    pub(crate) fn acquire(
        &self,
        tenant: &TenantId,
        source: SourceNetwork,
        quota: Quota,
        now: Duration,
    ) -> (RateDecision, Taken) {
        let (now, shape) = (nanos(now), quota.bucket());
        let key = Key {
            tenant: tenant.clone(),
            source: Some(source),
            shape,
        };
        let mut table = self.lock();
        table.sweep_if_due(now);
        let key = table.bucket_for(key, now, self.max);
        let full_at = table.full_at.entry(key.clone()).or_insert(now);
        let decision = match take(full_at, now, shape) {
            Ok(remaining) => RateDecision::admitted(quota, remaining),
            Err(wait) => RateDecision::limited(quota, Duration::from_nanos(wait)),
        };
        (decision, Taken(key))
    }

    /// Gives back a token that an admitted request took.
    pub(crate) fn give_back(&self, Taken(key): Taken) {
        let mut table = self.lock();
        // A bucket that was removed is full.
        if let Some(full_at) = table.full_at.get_mut(&key) {
            *full_at = full_at.saturating_sub(key.shape.interval);
        }
    }

    /// The number of buckets.
    #[cfg(any(test, feature = "memory"))]
    pub(crate) fn len(&self) -> usize {
        self.lock().full_at.len()
    }

    /// Removes every bucket that is full again.
    #[cfg(any(test, feature = "memory"))]
    pub(crate) fn sweep(&self, now: Duration) {
        let mut table = self.lock();
        table.sweep(nanos(now));
        table.full_at.shrink_to_fit();
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// The key of the bucket to use: `key`, or if the table is full, the key of the bucket that further
    /// sources share.
    fn bucket_for(&mut self, key: Key, now: u64, max: usize) -> Key {
        let has_room = |table: &Self| table.full_at.len() < max;
        if has_room(self) || self.full_at.contains_key(&key) {
            return key;
        }
        if now.saturating_sub(self.swept_at) >= SWEEP_FULL_EVERY {
            self.sweep(now);
        }
        if has_room(self) {
            return key;
        }
        Key {
            source: None,
            ..key
        }
    }

    fn sweep_if_due(&mut self, now: u64) {
        self.until_sweep = self.until_sweep.saturating_sub(1);
        if self.until_sweep == 0 {
            self.sweep(now);
            // The table keeps room for twice as many buckets.
            self.full_at.shrink_to(self.full_at.len().saturating_mul(2));
        }
    }

    fn sweep(&mut self, now: u64) {
        self.full_at.retain(|_, full_at| *full_at > now);
        self.swept_at = now;
        self.until_sweep = SWEEP_EVERY.max(self.full_at.len());
    }
}

/// Takes a token from a bucket that is full at `full_at`. The result is the number of tokens that remain,
/// or the nanoseconds until the next token.
fn take(full_at: &mut u64, now: u64, shape: BucketShape) -> Result<u32, u64> {
    let missing = full_at.saturating_sub(now);
    match shape.rest().checked_sub(missing) {
        Some(left) => {
            *full_at = now.saturating_add(missing).saturating_add(shape.interval);
            // The quotient is smaller than the burst, so it fits.
            let remaining = left.checked_div(shape.interval).unwrap_or_default();
            Ok(u32::try_from(remaining).unwrap_or(u32::MAX))
        }
        None => Err(missing.saturating_sub(shape.rest())),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn tenant(id: &str) -> TenantId {
        TenantId::parse(id).unwrap()
    }

    fn source(number: u32) -> SourceNetwork {
        SourceNetwork::of(Some(IpAddr::V4(Ipv4Addr::from_bits(number))))
    }

    /// How many of 20 requests are admitted.
    fn admitted(buckets: &SourceBuckets, id: &str, number: u32, now: Duration) -> usize {
        let quota = Quota::TEN_A_MINUTE;
        let acquire = |_| buckets.acquire(&tenant(id), source(number), quota, now).0;
        let decisions = (0..20).map(acquire);
        decisions.filter(RateDecision::is_admitted).count()
    }

    #[test]
    fn a_token_comes_back_after_its_interval() {
        let buckets = SourceBuckets::with_max(10);
        assert_eq!(admitted(&buckets, "a", 1, SECOND), 10);
        let almost = Duration::from_nanos(6_999_999_999);
        assert_eq!(admitted(&buckets, "a", 1, almost), 0);
        assert_eq!(admitted(&buckets, "a", 1, 7 * SECOND), 1);
        assert_eq!(admitted(&buckets, "a", 1, 1_000 * SECOND), 10);
    }

    #[test]
    fn at_the_end_of_time_no_token_comes_back() {
        let buckets = SourceBuckets::with_max(10);
        let nanos = Duration::from_nanos(u64::MAX);
        for (number, now) in [(1, Duration::MAX), (2, nanos), (3, nanos / 2)] {
            assert_eq!(admitted(&buckets, "a", number, now), 10);
            assert_eq!(admitted(&buckets, "a", number, now), 0);
            assert_eq!(admitted(&buckets, "a", number, Duration::MAX), 0);
        }
    }

    #[test]
    fn a_clock_that_steps_back_gives_no_token() {
        let buckets = SourceBuckets::with_max(10);
        assert_eq!(admitted(&buckets, "a", 1, Duration::MAX), 10);
        for now in [1_000 * SECOND, Duration::ZERO] {
            assert_eq!(admitted(&buckets, "a", 1, now), 0);
        }
    }

    #[test]
    fn the_longest_fill_does_not_overflow() {
        let quota = Quota::new(1, u32::MAX).unwrap();
        for now in [Duration::ZERO, Duration::MAX] {
            let buckets = SourceBuckets::with_max(10);
            for taken in 1..=3 {
                let (decision, _) = buckets.acquire(&tenant("a"), source(1), quota, now);
                assert_eq!(decision.remaining(), u32::MAX - taken);
            }
        }
    }

    #[test]
    fn tenants_and_sources_have_separate_buckets() {
        let buckets = SourceBuckets::with_max(10);
        for (id, number) in [("a", 1), ("a", 2), ("b", 1)] {
            assert_eq!(admitted(&buckets, id, number, SECOND), 10);
        }
        assert_eq!(buckets.len(), 3);
    }

    #[test]
    fn a_token_that_was_given_back_can_be_taken_again() {
        let buckets = SourceBuckets::with_max(10);
        for _ in 0..100 {
            let (decision, taken) =
                buckets.acquire(&tenant("a"), source(1), Quota::TEN_A_MINUTE, SECOND);
            assert_eq!(decision.remaining(), 9);
            buckets.give_back(taken);
        }
        assert_eq!(admitted(&buckets, "a", 1, SECOND), 10);
    }

    #[test]
    fn late_returns_add_no_tokens() {
        let (buckets, quota) = (SourceBuckets::with_max(10), Quota::TEN_A_MINUTE);
        let acquire = |now| buckets.acquire(&tenant("a"), source(1), quota, now);
        // The other request is refused whenever the bucket is empty, so about ten a minute are admitted,
        // although the first requests give their tokens back.
        let mut failed = 0;
        for step in 0..600 {
            let now = step * SECOND / 10;
            let (reserved, taken) = acquire(now);
            failed += usize::from(acquire(now).0.is_admitted());
            if reserved.is_admitted() {
                buckets.give_back(taken);
            }
        }
        assert!((10..=20).contains(&failed), "{failed}");
    }

    #[test]
    fn further_sources_share_a_bucket_in_a_full_table() {
        let buckets = SourceBuckets::with_max(100);
        for number in 0..100 {
            assert_eq!(admitted(&buckets, "a", number, SECOND), 10);
        }
        assert_eq!(admitted(&buckets, "a", 100, SECOND), 10);
        assert_eq!(admitted(&buckets, "a", 101, SECOND), 0);
        assert_eq!(admitted(&buckets, "b", 101, SECOND), 10);
        assert_eq!(buckets.len(), 102);
        // A source that has a bucket keeps it.
        assert_eq!(admitted(&buckets, "a", 1, 7 * SECOND), 1);
        // After a minute the other buckets are full, and are removed.
        assert_eq!(admitted(&buckets, "a", 102, 61 * SECOND), 10);
        assert_eq!(buckets.len(), 2);
    }

    #[test]
    fn full_buckets_are_removed_from_time_to_time() {
        let buckets = SourceBuckets::with_max(1_000_000);
        for round in 0..50_u32 {
            for number in 0..1_000 {
                let source = source(round * 1_000 + number);
                let quota = Quota::default();
                let _ = buckets.acquire(&tenant("a"), source, quota, round * SECOND);
            }
            assert!(buckets.len() <= 3_100, "{}", buckets.len());
        }
        buckets.sweep(100 * SECOND);
        assert_eq!(buckets.len(), 0);
    }
}
