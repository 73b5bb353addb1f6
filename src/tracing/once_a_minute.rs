//! Limits log lines that anyone can cause to one line a minute.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// The time between two lines.
const INTERVAL: Duration = Duration::from_mins(1);

/// The most subjects that are counted at the same time.
const MAX_ENTRIES: usize = 10_000;

/// Counts how often each subject occurred since its last line.
#[derive(Debug)]
pub(super) struct OnceAMinute<K>(Mutex<HashMap<K, Entry>>);

#[derive(Debug)]
struct Entry {
    logged_at: Duration,
    since_then: u64,
}

impl<K: Eq + Hash> OnceAMinute<K> {
    /// Counts `subject` at the time `now` of the monotonic clock. Returns the count since the last line if a line is due.
    /// While the table is full, new subjects get no line.
    pub(super) fn count(&self, subject: K, now: Duration) -> Option<u64> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |entry: &Entry| now.saturating_sub(entry.logged_at) >= INTERVAL;
        if let Some(entry) = entries.get_mut(&subject) {
            entry.since_then = entry.since_then.saturating_add(1);
            if !is_over(entry) {
                return None;
            }
            let counted = std::mem::take(&mut entry.since_then);
            entry.logged_at = now;
            return Some(counted);
        }
        if entries.len() >= MAX_ENTRIES {
            entries.retain(|_, entry| !is_over(entry));
        }
        if entries.len() >= MAX_ENTRIES {
            return None;
        }
        let first = Entry {
            logged_at: now,
            since_then: 0,
        };
        entries.insert(subject, first);
        Some(1)
    }
}

impl<K> Default for OnceAMinute<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_subject_is_logged_once_a_minute() {
        let log = OnceAMinute::default();
        let at = Duration::from_secs;
        assert_eq!(log.count((1, "a"), at(0)), Some(1));
        assert_eq!(log.count((1, "a"), at(1)), None);
        assert_eq!(log.count((1, "a"), at(59)), None);
        assert_eq!(log.count((1, "b"), at(59)), Some(1));
        assert_eq!(log.count((2, "a"), at(59)), Some(1));
        assert_eq!(log.count((1, "a"), at(60)), Some(3));
        assert_eq!(log.count((1, "a"), at(61)), None);
    }

    #[test]
    fn the_table_is_bounded() {
        let log = OnceAMinute::default();
        let now = Duration::from_secs(5);
        for number in 0..MAX_ENTRIES {
            assert_eq!(log.count(number, now), Some(1));
        }
        assert_eq!(log.count(MAX_ENTRIES, now), None);
        assert_eq!(log.count(MAX_ENTRIES, now + INTERVAL), Some(1));
        assert_eq!(log.0.lock().unwrap().len(), 1);
    }
}
