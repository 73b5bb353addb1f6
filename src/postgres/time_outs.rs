//! How long calls, statements and locks may take.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use sqlx::SqlStr;
use tokio::time::Instant;

use crate::{group_commit::deadline_after, postgres::sql};

/// The shortest time after which the server cancels a statement.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);

/// The fraction of the time-out for waiting for a single lock: an eighth.
const LOCK_TIMEOUT_PART: u32 = 8;

/// The fraction of the time-out for waiting for the locks of a tenant: a quarter, so a locked row is tried twice.
const LOCKS_PART: u32 = 4;

/// The fraction of the time-out in which work is tried again after conflicts and on read-only servers: a half. This
/// leaves time to answer the caller.
const TRIES_PART: u32 = 2;

/// The fraction of the time-out in which all work of a group has to begin: a half. An insertion that arrives during a
/// group waits for this group and for the next group, and needs its outcome in time.
const BEGINNING_PART: u32 = 2;

/// The time-outs of the stores that share the connections, in milliseconds.
#[derive(Clone)]
pub(super) struct TimeOuts(Arc<Range>);

struct Range {
    shortest: AtomicU64,
    longest: AtomicU64,
}

impl TimeOuts {
    pub(super) fn new(timeout: Duration) -> Self {
        let millis = millis(timeout);
        Self(Arc::new(Range {
            shortest: millis.into(),
            longest: millis.into(),
        }))
    }

    /// Adds the time-out of another store. Connections that are opened from now on get parameters for it, too.
    pub(super) fn add(&self, timeout: Duration) {
        self.0.shortest.fetch_min(millis(timeout), Relaxed);
        self.0.longest.fetch_max(millis(timeout), Relaxed);
    }

    /// The statement that sets the parameters of a connection.
    pub(super) fn session(&self) -> SqlStr {
        let shortest = Duration::from_millis(self.0.shortest.load(Relaxed));
        let longest = Duration::from_millis(self.0.longest.load(Relaxed));
        let limit = longest.saturating_mul(2).max(STATEMENT_TIMEOUT);
        sql::session(lock_timeout(shortest), limit)
    }
}

/// The times at which work has to end.
#[derive(Clone, Copy)]
pub(super) struct TimeLimit {
    /// How long the work may take.
    pub(super) duration: Duration,
    pub(super) end: Instant,
    /// Until this time, the work waits for a permit to begin.
    pub(super) last_beginning: Instant,
    /// Until this time, the work is tried again after lock time-outs.
    pub(super) locks_end: Option<Instant>,
    /// Until this time, the work is tried again after conflicts and on read-only servers.
    pub(super) tries_end: Instant,
}

impl TimeLimit {
    /// The limit of work that ends `duration` from now. The work waits for locks, but not so long that there is no time
    /// to answer the caller.
    pub(super) fn after(duration: Duration) -> Self {
        let reserve = part(duration, LOCK_TIMEOUT_PART).saturating_mul(2);
        let last_beginning = deadline_after(duration.saturating_sub(reserve));
        Self {
            duration,
            end: deadline_after(duration),
            last_beginning,
            locks_end: Some(last_beginning),
            tries_end: deadline_after(part(duration, TRIES_PART)),
        }
    }
}

/// The time limits of a group of insertions. An insertion that has not begun in time is not carried out, because its
/// caller would not wait for the outcome.
#[derive(Clone, Copy)]
pub(super) struct GroupTime {
    pub(super) timeout: Duration,
    pub(super) last_beginning: Instant,
    pub(super) end: Instant,
}

impl GroupTime {
    /// The time limits of a group that begins now.
    pub(super) fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            last_beginning: deadline_after(part(timeout, BEGINNING_PART)),
            end: deadline_after(timeout),
        }
    }

    /// Whether it is too late for work to begin.
    pub(super) fn is_over(&self) -> bool {
        Instant::now() >= self.last_beginning
    }

    /// The limit of work that does not wait for locks.
    pub(super) const fn without_locks(&self) -> TimeLimit {
        TimeLimit {
            duration: self.timeout,
            end: self.end,
            last_beginning: self.last_beginning,
            locks_end: None,
            tries_end: self.last_beginning,
        }
    }

    /// The limit of work that begins now and may have to wait for locks.
    pub(super) fn with_locks(&self) -> TimeLimit {
        let locks_end = deadline_after(part(self.timeout, LOCKS_PART)).min(self.last_beginning);
        TimeLimit {
            locks_end: Some(locks_end),
            ..self.without_locks()
        }
    }
}

/// How long a call with this time-out waits for a lock. It is short, so that time is left for work that needs no locked
/// row.
pub(super) fn lock_timeout(timeout: Duration) -> Duration {
    part(timeout, LOCK_TIMEOUT_PART)
}

/// A fraction of a time-out: one of `parts` equal parts.
pub(super) fn part(timeout: Duration, parts: u32) -> Duration {
    timeout.checked_div(parts).unwrap_or_default()
}

fn millis(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_gives_up_after_the_store_does() {
        let timeouts = TimeOuts::new(Duration::from_secs(1));
        let set = |locks: u64, statements: u64| {
            format!(
                "SET lock_timeout = {locks}; SET statement_timeout = {statements}; \
                 SET idle_in_transaction_session_timeout = {statements}; \
                 SET default_transaction_isolation = 'read committed'"
            )
        };
        assert_eq!(timeouts.session().as_str(), set(125, 5_000));
        timeouts.add(Duration::from_mins(1));
        assert_eq!(timeouts.session().as_str(), set(125, 120_000));
        timeouts.add(Duration::from_millis(2));
        // 0 would be no limit.
        assert_eq!(timeouts.session().as_str(), set(1, 120_000));
        timeouts.add(Duration::MAX);
        let longest = u64::try_from(i32::MAX).unwrap();
        assert_eq!(timeouts.session().as_str(), set(1, longest));
    }

    #[test]
    fn fractions_of_extreme_time_outs_are_defined() {
        assert_eq!(part(Duration::MAX, 1), Duration::MAX);
        assert_eq!(part(Duration::ZERO, LOCK_TIMEOUT_PART), Duration::ZERO);
    }
}
