//! A table of rows that expire.

use std::collections::{HashMap, VecDeque};

use oauth_dcr::Timestamp;

use crate::secrets::Digest;

/// Rows under the digests of secrets. Each row expires at its time. If there are too many rows, the oldest
/// are dropped early, so that nobody can fill the memory. This has a price: a flood of requests ends sign-ins
/// under way, and turns a used code into an unknown code. A real server stores these rows in a database and
/// limits the requests of each address.
pub(crate) struct Table<R> {
    rows: HashMap<Digest, Row<R>>,
    /// Every row that was inserted and has not been swept, oldest first.
    order: VecDeque<(Digest, Timestamp)>,
    most: usize,
}

struct Row<R> {
    row: R,
    expires_at: Timestamp,
}

impl<R> Table<R> {
    pub(crate) fn with_at_most(most: usize) -> Self {
        Self {
            rows: HashMap::new(),
            order: VecDeque::new(),
            most,
        }
    }

    /// Adds a row, and drops rows that have expired by `now`.
    pub(crate) fn insert(&mut self, key: Digest, row: R, expires_at: Timestamp, now: Timestamp) {
        let has_ended = |(_, expires_at): &(Digest, Timestamp)| *expires_at <= now;
        while self.order.front().is_some_and(has_ended) || self.order.len() >= self.most {
            let Some((oldest, _)) = self.order.pop_front() else {
                break;
            };
            self.rows.remove(&oldest);
        }
        self.order.push_back((key, expires_at));
        self.rows.insert(key, Row { row, expires_at });
    }

    /// The row, if it has not expired.
    pub(crate) fn get(&mut self, key: Digest, now: Timestamp) -> Option<&mut R> {
        let found = self.rows.get_mut(&key)?;
        (now < found.expires_at).then_some(&mut found.row)
    }

    /// Every row, expired rows included.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &R> {
        self.rows.values().map(|row| &row.row)
    }

    pub(crate) fn remove(&mut self, key: Digest) -> Option<R> {
        self.rows.remove(&key).map(|removed| removed.row)
    }
}
