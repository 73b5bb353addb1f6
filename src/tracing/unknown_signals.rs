//! One line a minute for each tenant and signal that rules needed and did not get.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::{acl::Signal, values::TenantId};

/// From one line to the next.
const INTERVAL: Duration = Duration::from_mins(1);

/// The most tenants and signals that are followed at once.
const MAX_ENTRIES: usize = 10_000;

/// How often rules needed a signal that was unknown, since its last line.
#[derive(Debug, Default)]
pub(super) struct UnknownSignals(Mutex<HashMap<(TenantId, Signal), Entry>>);

#[derive(Debug)]
struct Entry {
    logged_at: Duration,
    since_then: u64,
}

impl UnknownSignals {
    /// Counts one rule that could not be evaluated at `now`, by the monotonic clock. If a line is due,
    /// gives the count since the last one. While more tenants and signals are followed than there is room for, further ones get
    /// no line.
    pub(super) fn count(&self, tenant: &TenantId, signal: Signal, now: Duration) -> Option<u64> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |entry: &Entry| now.saturating_sub(entry.logged_at) >= INTERVAL;
        let key = (tenant.clone(), signal);
        if let Some(entry) = entries.get_mut(&key) {
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
        entries.insert(key, first);
        Some(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(number: usize) -> TenantId {
        TenantId::parse(&format!("t{number}")).unwrap()
    }

    #[test]
    fn each_signal_is_logged_once_a_minute() {
        let log = UnknownSignals::default();
        let at = Duration::from_secs;
        let (one, other) = (tenant(1), tenant(2));
        assert_eq!(log.count(&one, Signal::Source, at(0)), Some(1));
        assert_eq!(log.count(&one, Signal::Source, at(1)), None);
        assert_eq!(log.count(&one, Signal::Source, at(59)), None);
        assert_eq!(log.count(&one, Signal::Asn, at(59)), Some(1));
        assert_eq!(log.count(&other, Signal::Source, at(59)), Some(1));
        assert_eq!(log.count(&one, Signal::Source, at(60)), Some(3));
        assert_eq!(log.count(&one, Signal::Source, at(61)), None);
    }

    #[test]
    fn the_table_is_bounded() {
        let log = UnknownSignals::default();
        let now = Duration::from_secs(5);
        for number in 0..MAX_ENTRIES {
            assert_eq!(log.count(&tenant(number), Signal::Source, now), Some(1));
        }
        let late = tenant(MAX_ENTRIES);
        assert_eq!(log.count(&late, Signal::Source, now), None);
        assert_eq!(log.count(&late, Signal::Source, now + INTERVAL), Some(1));
        assert_eq!(log.0.lock().unwrap().len(), 1);
    }
}
