use crate::{postgres::failure::Failure, types::ClientId};

/// The most times that a statement that removes the longest idle clients is carried out. Each time, it misses the clients
/// that were touched, blocked or removed after it had chosen them.
const ATTEMPTS: u32 = 5;

/// Removes clients by a statement that is repeated until it misses none.
pub(super) struct Removal {
    limit: u64,
    attempts: u32,
    removed: Vec<ClientId>,
}

/// A client that was chosen, and whether it is gone.
pub(super) type Chosen = (String, bool);

impl Removal {
    /// Removes up to `limit` clients.
    pub(super) const fn new(limit: u64) -> Self {
        Self {
            limit,
            attempts: if limit == 0 { 0 } else { ATTEMPTS },
            removed: Vec::new(),
        }
    }

    /// How many clients the next statement has to remove. `None` if the removal is done.
    pub(super) fn remaining(&mut self) -> Option<i64> {
        self.attempts = self.attempts.checked_sub(1)?;
        let done = u64::try_from(self.removed.len()).unwrap_or(u64::MAX);
        let remaining = self.limit.saturating_sub(done);
        Some(remaining.try_into().unwrap_or(i64::MAX))
    }

    /// Records the result of the statement. Returns whether it has missed a client, so that it has to be repeated.
    pub(super) fn add(&mut self, chosen: Vec<Chosen>) -> bool {
        let has_missed = chosen.iter().any(|(_, is_gone)| !is_gone);
        if !has_missed {
            self.attempts = 0;
        }
        let gone = chosen.into_iter().filter(|(_, is_gone)| *is_gone);
        self.removed
            .extend(gone.map(|(id, _)| ClientId::restore(id)));
        has_missed
    }

    /// Ends the removal after at most `further` more clients.
    pub(super) fn end_after(&mut self, further: u64) {
        let done = u64::try_from(self.removed.len()).unwrap_or(u64::MAX);
        self.limit = self.limit.min(done.saturating_add(further));
        if further == 0 {
            self.attempts = 0;
        }
    }

    /// The removed clients. A later failure does not restore them, so it counts only if no client was removed.
    pub(super) fn ended(self, end: Result<(), Failure>) -> Result<Vec<ClientId>, Failure> {
        if self.removed.is_empty() {
            end?;
        }
        Ok(self.removed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(rows: &[(&str, bool)]) -> Vec<Chosen> {
        rows.iter()
            .map(|(id, is_gone)| ((*id).to_owned(), *is_gone))
            .collect()
    }

    #[test]
    fn missed_clients_are_chosen_again() {
        let mut removal = Removal::new(3);
        assert_eq!(removal.remaining(), Some(3));
        assert!(removal.add(chosen(&[("a", true), ("b", false), ("c", true)])));
        assert_eq!(removal.remaining(), Some(1));
        assert!(!removal.add(chosen(&[("d", true)])));
        assert_eq!(removal.remaining(), None);
        let removed = removal.ended(Err(Failure::Overtaken)).unwrap();
        let removed: Vec<_> = removed.iter().map(ClientId::as_str).collect();
        assert_eq!(removed, ["a", "c", "d"]);
    }

    #[test]
    fn a_removal_can_end_earlier() {
        for (further, remaining) in [(0, None), (1, Some(1)), (9, Some(2))] {
            let mut removal = Removal::new(3);
            removal.remaining();
            removal.add(chosen(&[("a", true), ("b", false), ("c", false)]));
            removal.end_after(further);
            assert_eq!(removal.remaining(), remaining);
        }
    }

    #[test]
    fn attempts_are_bounded() {
        assert_eq!(Removal::new(0).remaining(), None);
        let mut removal = Removal::new(1);
        let mut attempts = 0;
        while removal.remaining().is_some() {
            attempts += 1;
            removal.add(chosen(&[("a", false)]));
        }
        assert_eq!(attempts, ATTEMPTS);
        assert!(removal.ended(Err(Failure::Overtaken)).is_err());
    }
}
