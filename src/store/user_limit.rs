use std::num::NonZeroU64;

use crate::{
    store::{Usage, UserKey},
    types::ClientId,
};

/// The most clients that one registration or use evicts. After a limit was lowered, a table shrinks with each
/// registration and each use, and none of them takes long.
pub(super) const MAX_EVICTED: u64 = 100;

/// The limit on the clients of one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserLimit {
    /// The user.
    pub user: UserKey,
    /// The most clients.
    pub max: NonZeroU64,
}

impl UserLimit {
    /// How many clients to evict if the user has `clients` of them, including the touched client.
    pub fn evictions(&self, clients: u64) -> u64 {
        clients.saturating_sub(self.max.get()).min(MAX_EVICTED)
    }

    /// Chooses which of `rows` are evicted when the client `touched` is touched.
    ///
    /// `rows` are all clients of the tenant: the id, whether the client is blocked, and the usage. This is for
    /// stores that read every row: an index is faster.
    pub fn evicted<'a>(
        &self,
        touched: &ClientId,
        rows: impl Iterator<Item = (&'a ClientId, bool, Usage)>,
    ) -> Vec<ClientId> {
        let is_of_user = |usage: Usage| usage.user() == Some(self.user);
        let (mut clients, mut is_touched, mut others) = (0_u64, false, Vec::new());
        for (id, blocked, usage) in rows.filter(|(.., usage)| is_of_user(*usage)) {
            if id == touched {
                is_touched = true;
            } else if !blocked {
                others.push((usage.is_shared(), usage.idle_since(), id));
            }
            clients = clients.saturating_add(u64::from(!blocked));
        }
        if !is_touched {
            return Vec::new();
        }
        others.sort_unstable();
        let evicted = (0..self.evictions(clients)).zip(others);
        evicted.map(|(_, (.., id))| id.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Timestamp;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds)
    }

    const fn user(byte: u8) -> UserKey {
        UserKey::from_bytes([byte; 32])
    }

    /// A row: an id, whether the client is blocked, since when it has been idle, and its user.
    type Row<'a> = (&'a str, bool, u64, Option<u8>);

    /// The `rows` that are evicted for `touched` if user 1 may have `max` clients and no client is shared.
    fn evicted(max: u64, touched: &str, rows: &[Row<'_>]) -> Vec<String> {
        evicted_with_shared(&[], max, touched, rows)
    }

    /// The same if the clients with the ids `shared` are shared.
    fn evicted_with_shared(
        shared: &[&str],
        max: u64,
        touched: &str,
        rows: &[Row<'_>],
    ) -> Vec<String> {
        let id = |id: &str| ClientId::parse(id).unwrap();
        let ids: Vec<ClientId> = rows.iter().map(|row| id(row.0)).collect();
        let rows = ids.iter().zip(rows).map(|(id, (_, blocked, since, by))| {
            let is_shared = shared.contains(&id.as_str());
            let usage = Usage::from_parts(true, at(*since), by.map(user), is_shared);
            (id, *blocked, usage)
        });
        let max = NonZeroU64::new(max).unwrap();
        let limit = UserLimit { user: user(1), max };
        let evicted = limit.evicted(&id(touched), rows);
        evicted.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_users_longest_idle_clients_are_evicted() {
        let rows = [
            ("touched", false, 0, Some(1)),
            ("d", false, 9, Some(1)),
            ("c", false, 5, Some(1)),
            ("b", false, 5, Some(1)),
            ("another-users", false, 1, Some(2)),
            ("nobodys", false, 1, None),
        ];
        for (max, expected) in [
            (5, &[][..]),
            (4, &[]),
            (3, &["b"]),
            (2, &["b", "c"]),
            (1, &["b", "c", "d"]),
        ] {
            assert_eq!(evicted(max, "touched", &rows), expected, "of {max}");
        }
    }

    #[test]
    fn shared_clients_are_evicted_last() {
        let rows = [
            ("touched", false, 9, Some(1)),
            ("a", false, 2, Some(1)),
            ("b", false, 1, Some(1)),
            ("c", false, 4, Some(1)),
            ("d", false, 3, Some(1)),
        ];
        for (max, expected) in [
            (5, &[][..]),
            (4, &["d"]),
            (3, &["d", "c"]),
            (2, &["d", "c", "b"]),
            (1, &["d", "c", "b", "a"]),
        ] {
            let evicted = evicted_with_shared(&["a", "b", "touched"], max, "touched", &rows);
            assert_eq!(evicted, expected, "of {max}");
        }
    }

    #[test]
    fn touching_another_users_client_evicts_nothing() {
        let rows = [("a", false, 1, Some(1)), ("b", false, 1, Some(1))];
        assert_eq!(evicted(1, "missing", &rows), [""; 0]);
        let other_users = ("c", false, 1, Some(2));
        assert_eq!(evicted(1, "c", &[rows[0], rows[1], other_users]), [""; 0]);
    }

    #[test]
    fn blocked_clients_neither_count_nor_are_evicted() {
        let rows = [
            ("a", true, 1, Some(1)),
            ("b", false, 2, Some(1)),
            ("c", false, 3, Some(1)),
        ];
        assert_eq!(evicted(2, "c", &rows), [""; 0]);
        assert_eq!(evicted(1, "c", &rows), ["b"]);
        // A blocked client that is touched does not count either.
        assert_eq!(evicted(2, "a", &rows), [""; 0]);
        assert_eq!(evicted(1, "a", &rows), ["b"]);
    }

    #[test]
    fn at_most_a_hundred_clients_are_evicted_at_once() {
        let ids: Vec<String> = (0..150).map(|number| format!("{number:03}")).collect();
        let rows: Vec<Row<'_>> = ids.iter().map(|id| (&**id, false, 0, Some(1))).collect();
        assert_eq!(evicted(1, "149", &rows), ids[..100]);
    }
}
