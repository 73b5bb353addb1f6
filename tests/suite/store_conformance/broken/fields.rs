//! Stores that lose a part of what they write.

use oauth_dcr::store::InsertOutcome;
use serde_json::Value;

use super::{
    record::{edited, member, without},
    *,
};

/// A number, as a floating-point number of 64 bits keeps it.
fn as_double(number: u64) -> u64 {
    let lost = (64 - number.leading_zeros()).saturating_sub(53);
    number >> lost << lost
}

/// The record with another moment of registration.
fn issued(record: &str, moment: fn(u64) -> u64) -> String {
    edited(record, "issued_at", |millis| {
        moment(millis.parse().unwrap()).to_string()
    })
}

/// A store that writes records with a fault.
fn writing(written: fn(String) -> String) -> Store {
    Store::with(|steps| steps.written = written)
}

/// The previous secret is not written.
fn a_previous_secret_is_lost() -> Store {
    writing(|record| without(&record, "previous_secret"))
}

/// What the owner has decided on errors is not written.
fn an_error_redirect_policy_is_lost() -> Store {
    writing(|record| without(&record, "redirection_policy"))
}

/// A previous secret whose time is over is not written.
fn a_secret_that_has_ended_is_lost() -> Store {
    writing(|record| {
        let previous = member(&record, "previous_secret").unwrap_or_default();
        let has_ended = previous.contains("\"until\":0}");
        if has_ended {
            without(&record, "previous_secret")
        } else {
            record
        }
    })
}

/// Moments are seconds.
fn moments_are_seconds() -> Store {
    writing(|record| issued(&record, |millis| millis / 1000 * 1000))
}

/// The end of a previous secret is in seconds.
fn ends_of_secrets_are_seconds() -> Store {
    writing(|record| {
        edited(&record, "previous_secret", |secret| {
            edited(secret, "until", |millis| {
                let millis: u64 = millis.parse().unwrap();
                (millis / 1000 * 1000).to_string()
            })
        })
    })
}

/// Moments are floating-point numbers.
fn moments_are_doubles() -> Store {
    writing(|record| issued(&record, as_double))
}

/// Moments end in 2038.
fn moments_end_in_2038() -> Store {
    writing(|record| issued(&record, |millis| millis.min((1 << 31) * 1000)))
}

/// Members are sorted, as a column for JSON does it.
fn members_are_sorted() -> Store {
    writing(|record| {
        let record: Value = serde_json::from_str(&record).unwrap();
        record.to_string()
    })
}

/// Redirect URIs are a set, which is sorted.
fn redirect_uris_are_sorted() -> Store {
    writing(|record| {
        edited(&record, "metadata", |metadata| {
            edited(metadata, "redirect_uris", |uris| {
                let mut uris: Vec<String> = serde_json::from_str(uris).unwrap();
                uris.sort();
                serde_json::to_string(&uris).unwrap()
            })
        })
    })
}

/// An empty text is no text.
fn empty_texts_are_lost() -> Store {
    writing(|record| record.replace("\"\",", ""))
}

/// Spaces around texts are lost.
fn texts_are_trimmed() -> Store {
    writing(|record| record.replace(":\" ", ":\"").replace(" \",", "\","))
}

/// Texts have characters of at most three bytes.
fn characters_have_three_bytes() -> Store {
    writing(|record| record.replace(|it: char| it.len_utf8() > 3, "?"))
}

/// Characters that nobody sees are lost.
fn invisible_characters_are_lost() -> Store {
    writing(|record| record.replace(['\u{ad}', '\u{feff}'], ""))
}

/// A record has at most 32 KiB.
fn records_have_32_kib() -> Store {
    writing(|mut record| {
        record.truncate(record.floor_char_boundary(32 << 10));
        record
    })
}

/// A store that changes the row of a new client.
fn storing(change: fn(&mut Row)) -> Store {
    Store::new().insert_slowly(move |table, insertion| async move {
        table.alone(|rows| {
            let outcome = rows.insert(&insertion)?;
            let at = At::of(insertion.client());
            if matches!(outcome, InsertOutcome::Inserted { .. }) {
                rows.change(&at, change);
            }
            Ok(outcome)
        })
    })
}

/// A new client begins with revision 0.
fn new_clients_have_revision_0() -> Store {
    storing(|row| row.revision = 0)
}

/// Revisions have 32 bits.
fn revisions_have_32_bits() -> Store {
    storing(|row| row.revision &= 0xffff_ffff)
}

/// Revisions are floating-point numbers.
fn revisions_are_doubles() -> Store {
    storing(|row| row.revision = as_double(row.revision))
}

/// A new client is not blocked.
fn new_clients_are_not_blocked() -> Store {
    storing(|row| row.blocked = false)
}

caught! {
    a_previous_secret_is_lost
    an_error_redirect_policy_is_lost
    a_secret_that_has_ended_is_lost
    moments_are_seconds
    ends_of_secrets_are_seconds
    moments_are_doubles
    moments_end_in_2038
    members_are_sorted
    redirect_uris_are_sorted
    empty_texts_are_lost
    texts_are_trimmed
    characters_have_three_bytes
    invisible_characters_are_lost
    records_have_32_kib
    new_clients_have_revision_0
    revisions_have_32_bits
    revisions_are_doubles
    new_clients_are_not_blocked
}
