//! Stores that are wrong about updates and blocks.

use std::sync::Arc;

use oauth_dcr::store::{ClientUpdate, UpdateOutcome, Usage};

use super::{
    record::{edited, member, members, merged, with},
    *,
};

/// A store that writes an update over the record before with a fault.
fn updating(updated: fn(&str, String) -> String) -> Store {
    Store::with(|steps| steps.updated = updated)
}

/// The new record with a member of the old record, if the new record has none.
fn keeping(name: &str, old: &str, new: String) -> String {
    match member(old, name).filter(|_| member(&new, name).is_none()) {
        Some(value) => with(&new, name, &value),
        None => new,
    }
}

/// An update keeps the previous secret where the client has none any more.
fn an_update_keeps_the_previous_secret() -> Store {
    updating(|old, new| keeping("previous_secret", old, new))
}

/// An update keeps what the owner had decided on errors.
fn an_update_keeps_the_error_redirect_policy() -> Store {
    updating(|old, new| keeping("redirection_policy", old, new))
}

/// An update keeps members of the metadata that the client has no more.
fn an_update_merges_metadata() -> Store {
    updating(|old, new| {
        let old = member(old, "metadata").unwrap();
        edited(&new, "metadata", |new| merged(&old, new.to_owned()))
    })
}

/// An update keeps the redirect URIs, and adds those that are new.
fn an_update_adds_redirect_uris() -> Store {
    updating(|old, new| {
        let uris = |record: &str| -> Vec<String> {
            let metadata = member(record, "metadata").unwrap();
            let uris = member(&metadata, "redirect_uris");
            uris.map_or(Vec::new(), |uris| serde_json::from_str(&uris).unwrap())
        };
        let (mut both, added) = (uris(old), uris(&new));
        both.retain(|uri| !added.contains(uri));
        both.extend(added);
        edited(&new, "metadata", |metadata| {
            edited(metadata, "redirect_uris", |_| {
                serde_json::to_string(&both).unwrap()
            })
        })
    })
}

/// The new record with a member of the old record.
fn with_old(name: &str, old: &str, new: &str) -> String {
    edited(new, name, |value| {
        member(old, name).unwrap_or(value.to_owned())
    })
}

/// An update keeps the secret.
fn an_update_keeps_the_secret() -> Store {
    updating(|old, new| with_old("secret_digest", old, &new))
}

/// An update keeps when the client was registered.
fn an_update_keeps_the_moment_of_registration() -> Store {
    updating(|old, new| with_old("issued_at", old, &new))
}

/// A store that changes a row after its update: the row is given as it is and as it was.
fn after(change: fn(&mut Row, Row)) -> Store {
    Store::new().update_slowly(move |table, update| async move {
        table.alone(|rows| {
            let at = At::of(update.client());
            let old = rows.get(&at).cloned();
            let outcome = rows.update(&update)?;
            if let (UpdateOutcome::Updated, Some(old)) = (outcome, old) {
                rows.change(&at, |row| change(row, old.clone()));
            }
            Ok(outcome)
        })
    })
}

/// An update can't block a client.
fn an_update_does_not_block() -> Store {
    after(|row, old| row.blocked &= old.blocked)
}

/// An update can't unblock a client.
fn an_update_does_not_unblock() -> Store {
    after(|row, old| row.blocked |= old.blocked)
}

/// An update begins a new usage.
fn an_update_begins_a_new_usage() -> Store {
    after(|row, old| row.usage = Usage::registered(old.usage.idle_since()))
}

/// An update counts as a use.
fn an_update_is_a_use() -> Store {
    after(|row, old| {
        let usage = old.usage;
        row.usage = Usage::from_parts(true, usage.idle_since(), usage.user(), usage.is_shared());
    })
}

/// An update ends whose client it is.
fn an_update_forgets_the_user() -> Store {
    after(|row, old| {
        let usage = old.usage;
        row.usage = Usage::from_parts(usage.is_used(), usage.idle_since(), None, false);
    })
}

/// An update ends that a client is shared.
fn an_update_ends_sharing() -> Store {
    after(|row, old| {
        let usage = old.usage;
        row.usage = Usage::from_parts(usage.is_used(), usage.idle_since(), usage.user(), false);
    })
}

/// An update that changes nothing but the revision is not written.
fn an_update_of_nothing_is_not_written() -> Store {
    after(|row, old| {
        let rest = |record: &str| {
            let mut members = members(record);
            members.remove("revision");
            members
        };
        if rest(&row.record) == rest(&old.record) {
            *row = old;
        }
    })
}

/// An update never removes the duplicate key.
fn an_update_never_removes_the_key() -> Store {
    Store::new()
        .update_by(|rows, update| rows.update(&ClientUpdate::new(Arc::clone(update.client()))))
}

/// An update always removes the duplicate key.
fn an_update_always_removes_the_key() -> Store {
    Store::new().update_by(|rows, update| rows.update(&update.clone().without_duplicate_key()))
}

/// An update that is not stored removes the duplicate key.
fn a_late_update_removes_the_key() -> Store {
    Store::new().update_by(|rows, update| {
        let outcome = rows.update(update)?;
        if outcome == UpdateOutcome::Changed && update.removes_duplicate_key() {
            rows.free_key(&At::of(update.client()));
        }
        Ok(outcome)
    })
}

/// An update removes the key from the index, and leaves it in the row, which removes it once more.
fn an_update_leaves_the_key_in_the_row() -> Store {
    Store::new().update_by(|rows, update| {
        let at = At::of(update.client());
        let key = rows.get(&at).and_then(|row| row.key);
        let outcome = rows.update(update)?;
        rows.change(&at, |row| row.key = key);
        Ok(outcome)
    })
}

/// An update of a client of one tenant is done to the clients of other tenants.
fn an_update_is_done_in_every_tenant() -> Store {
    Store::new().update_by(|rows, update| {
        let outcome = rows.update(update)?;
        if outcome == UpdateOutcome::Missing {
            let (id, record) = (
                update.client().id(),
                serde_json::to_string(&**update.client()),
            );
            let others = rows.stored.values_mut().filter(|row| row.at.id == *id);
            for other in others {
                let tenant = serde_json::to_string(&other.at.tenant).unwrap();
                other.record = edited(record.as_ref().unwrap(), "tenant", |_| tenant);
            }
        }
        Ok(outcome)
    })
}

caught! {
    an_update_keeps_the_previous_secret
    an_update_keeps_the_error_redirect_policy
    an_update_merges_metadata
    an_update_adds_redirect_uris
    an_update_keeps_the_secret
    an_update_keeps_the_moment_of_registration
    an_update_does_not_block
    an_update_does_not_unblock
    an_update_begins_a_new_usage
    an_update_is_a_use
    an_update_forgets_the_user
    an_update_ends_sharing
    an_update_of_nothing_is_not_written
    an_update_never_removes_the_key
    an_update_always_removes_the_key
    a_late_update_removes_the_key
    an_update_leaves_the_key_in_the_row
    an_update_is_done_in_every_tenant
}
