//! Stores that are wrong about the revision that an update follows, or about its outcome.

use std::sync::Arc;

use oauth_dcr::store::{ClientUpdate, UpdateOutcome};

use super::{record::member, *};

fn following(follows: fn(&ClientUpdate, u64) -> bool) -> Store {
    Store::with(|steps| steps.follows = follows)
}

/// An update is stored whatever revision it follows.
fn any_update_follows() -> Store {
    following(|_, _| true)
}

/// An update is stored if its revision is later.
fn any_later_update_follows() -> Store {
    following(|update, revision| update.client().revision() > revision)
}

/// An update is stored if it has the same revision.
fn an_update_of_the_same_revision_follows() -> Store {
    following(|update, revision| {
        update.follows(revision) || (revision > 0 && update.client().revision() == revision)
    })
}

/// Revision 0 follows the last revision.
fn revisions_begin_again() -> Store {
    following(|update, revision| update.client().revision() == revision.wrapping_add(1))
}

/// Revisions are compared in 32 bits.
fn revisions_are_compared_in_32_bits() -> Store {
    following(|update, revision| {
        let low = |number: u64| number & 0xffff_ffff;
        low(update.client().revision()) == low(revision.wrapping_add(1))
    })
}

/// An update follows the revision of the record, which a block does not change.
fn an_update_follows_the_record() -> Store {
    Store::new().update_by(|rows, update| {
        let at = At::of(update.client());
        if let Some(row) = rows.get_mut(&at) {
            let revision = member(&row.record, "revision");
            row.revision = revision.map_or(0, |revision| revision.parse().unwrap());
        }
        rows.update(update)
    })
}

/// An update of a missing client stores it.
fn an_update_stores_a_missing_client() -> Store {
    Store::new().update_by(|rows, update| {
        let outcome = rows.update(update)?;
        if outcome == UpdateOutcome::Missing {
            rows.put(&oauth_dcr::store::Insertion::new(Arc::clone(
                update.client(),
            )));
        }
        Ok(outcome)
    })
}

/// An update of a missing client says that the client has changed.
fn an_update_of_a_missing_client_has_changed() -> Store {
    Store::new().update_by(|rows, update| {
        let outcome = rows.update(update)?;
        let is_missing = outcome == UpdateOutcome::Missing;
        Ok(if is_missing {
            UpdateOutcome::Changed
        } else {
            outcome
        })
    })
}

/// An update that comes too late says that the client is missing.
fn a_late_update_is_missing() -> Store {
    Store::new().update_by(|rows, update| {
        let outcome = rows.update(update)?;
        let is_late = outcome == UpdateOutcome::Changed;
        Ok(if is_late {
            UpdateOutcome::Missing
        } else {
            outcome
        })
    })
}

caught! {
    any_update_follows
    any_later_update_follows
    an_update_of_the_same_revision_follows
    revisions_begin_again
    revisions_are_compared_in_32_bits
    an_update_follows_the_record
    an_update_stores_a_missing_client
    an_update_of_a_missing_client_has_changed
    a_late_update_is_missing
}
