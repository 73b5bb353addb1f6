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

/// After how long the server gives up a statement, at least.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);

/// Which part of the time may be spent on waiting for a lock at once.
const LOCK_TIMEOUT_PART: u32 = 8;

/// Which part of the time may be spent on waiting for the locks of a tenant: what others have locked is
/// tried twice.
const LOCKS_PART: u32 = 4;

/// In which part of the time work is tried again after conflicts, and on servers that only read. Then there is
/// time left to tell the caller.
const TRIES_PART: u32 = 2;

/// In which part of the time all work of a group has to begin. An insertion that arrives while a group is
/// carried out waits for that group and for the next group, and needs its outcome in time.
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

    /// Has connections that are made from now on be set for a store of this time-out, too.
    pub(super) fn add(&self, timeout: Duration) {
        self.0.shortest.fetch_min(millis(timeout), Relaxed);
        self.0.longest.fetch_max(millis(timeout), Relaxed);
    }

    /// What connections are set to.
    pub(super) fn session(&self) -> SqlStr {
        let shortest = Duration::from_millis(self.0.shortest.load(Relaxed));
        let longest = Duration::from_millis(self.0.longest.load(Relaxed));
        let limit = longest.saturating_mul(2).max(STATEMENT_TIMEOUT);
        sql::session(lock_timeout(shortest), limit)
    }
}

/// When work ends.
#[derive(Clone, Copy)]
pub(super) struct TimeLimit {
    /// How long it may take.
    pub(super) duration: Duration,
    pub(super) end: Instant,
    /// Until when it waits for a permit to begin.
    pub(super) last_beginning: Instant,
    /// Until when it is tried again after another transaction has locked what it needs.
    pub(super) locks_end: Option<Instant>,
    /// Until when it is tried again after conflicts, and on a server that only reads.
    pub(super) tries_end: Instant,
}

impl TimeLimit {
    /// Work that ends `duration` from now, and waits for locks for as long as there is time left to tell the
    /// caller.
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

/// The time of a group of insertions. An insertion that has not begun in time is not carried out, because
/// its caller would not wait for the outcome.
#[derive(Clone, Copy)]
pub(super) struct GroupTime {
    pub(super) timeout: Duration,
    pub(super) last_beginning: Instant,
    pub(super) end: Instant,
}

impl GroupTime {
    /// The time of a group that begins now.
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

    /// For work that needs nothing that others lock.
    pub(super) const fn without_locks(&self) -> TimeLimit {
        TimeLimit {
            duration: self.timeout,
            end: self.end,
            last_beginning: self.last_beginning,
            locks_end: None,
            tries_end: self.last_beginning,
        }
    }

    /// For work that begins now and may have to wait for others.
    pub(super) fn with_locks(&self) -> TimeLimit {
        let locks_end = deadline_after(part(self.timeout, LOCKS_PART)).min(self.last_beginning);
        TimeLimit {
            locks_end: Some(locks_end),
            ..self.without_locks()
        }
    }
}

/// How long to wait for a lock in a call of this time-out. Then there is time left for work that needs
/// no row that other transactions have locked.
pub(super) fn lock_timeout(timeout: Duration) -> Duration {
    part(timeout, LOCK_TIMEOUT_PART)
}

/// One of `parts` parts of a time-out.
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
    fn endless_spans_are_cut_off() {
        assert_eq!(part(Duration::MAX, 1), Duration::MAX);
        assert_eq!(part(Duration::ZERO, LOCK_TIMEOUT_PART), Duration::ZERO);
    }
}
