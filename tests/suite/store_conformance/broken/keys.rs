//! Stores that write keys or users so that two of them become the same.

use oauth_dcr::{
    TenantId,
    store::{DuplicateKey, UserKey},
};

use super::{
    steps::{in_tenant, whole_key},
    *,
};

/// A store whose duplicate keys are written with a fault.
fn keyed(key: fn(&TenantId, DuplicateKey) -> Vec<u8>) -> Store {
    Store::with(move |steps| steps.key = key)
}

/// Tenants share their duplicate keys.
fn keys_without_tenants() -> Store {
    keyed(|_, key| key.as_bytes().to_vec())
}

/// Duplicate keys have 16 bytes.
fn keys_of_16_bytes() -> Store {
    keyed(|tenant, key| in_tenant(tenant, &key.as_bytes()[..16]))
}

/// The last byte of a duplicate key is lost.
fn keys_without_the_last_byte() -> Store {
    keyed(|tenant, key| in_tenant(tenant, &key.as_bytes()[..31]))
}

/// The first byte of a duplicate key is lost.
fn keys_without_the_first_byte() -> Store {
    keyed(|tenant, key| in_tenant(tenant, &key.as_bytes()[1..]))
}

/// A byte within a duplicate key is lost.
fn keys_without_byte_17() -> Store {
    keyed(|tenant, key| {
        let mut bytes = *key.as_bytes();
        bytes[17] = 0;
        in_tenant(tenant, &bytes)
    })
}

/// A zero ends a duplicate key.
fn keys_end_at_a_zero() -> Store {
    keyed(|tenant, key| {
        let bytes = key.as_bytes().iter().copied();
        in_tenant(
            tenant,
            &bytes.take_while(|byte| *byte != 0).collect::<Vec<_>>(),
        )
    })
}

/// Duplicate keys are texts, in which bytes that are no text become the same.
fn keys_are_texts() -> Store {
    keyed(|tenant, key| in_tenant(tenant, String::from_utf8_lossy(key.as_bytes()).as_bytes()))
}

/// Duplicate keys are texts without case.
fn keys_without_case() -> Store {
    keyed(|tenant, key| in_tenant(tenant, &key.as_bytes().to_ascii_lowercase()))
}

/// The sign of each byte of a duplicate key is lost.
fn keys_of_seven_bits() -> Store {
    keyed(|tenant, key| in_tenant(tenant, &key.as_bytes().map(|byte| byte & 0x7f)))
}

/// Duplicate keys are sums of their bytes.
fn keys_are_sums() -> Store {
    keyed(|tenant, key| {
        let sum: u64 = key.as_bytes().iter().map(|byte| u64::from(*byte)).sum();
        in_tenant(tenant, &sum.to_be_bytes())
    })
}

/// Zeros around a duplicate key are padding.
fn keys_without_zeros_around() -> Store {
    keyed(|tenant, key| {
        let is_zero = |byte: &&u8| **byte == 0;
        let zeros = key.as_bytes().iter().take_while(is_zero).count();
        let last = key.as_bytes().iter().rposition(|byte| *byte != 0);
        in_tenant(
            tenant,
            &key.as_bytes()[zeros..last.map_or(zeros, |last| last + 1)],
        )
    })
}

/// Each byte of a duplicate key is written in hex without a leading zero.
fn keys_in_short_hex() -> Store {
    keyed(|tenant, key| {
        let hex = key.as_bytes().map(|byte| format!("{byte:x}"));
        in_tenant(tenant, hex.concat().as_bytes())
    })
}

/// A duplicate key of zeros only is no key.
fn a_key_of_zeros_is_no_key() -> Store {
    Store::new().insert_by(|rows, insertion| {
        let outcome = rows.insert(insertion)?;
        let zeros = DuplicateKey::from_bytes([0; 32]);
        if insertion.duplicate_key() == Some(zeros) {
            let key = whole_key(insertion.client().tenant(), zeros);
            rows.keys.remove(&key);
        }
        Ok(outcome)
    })
}

/// A store that keeps this of each user.
fn of_users(kept: fn([u8; 32]) -> [u8; 32]) -> Store {
    Store::new().touch_slowly(move |table, (at, activity)| async move {
        let user = activity
            .user()
            .map(|user| UserKey::from_bytes(kept(*user.as_bytes())));
        table.alone(|rows| rows.touch(&(at, activity.by(user))))
    })
}

/// Users have 16 bytes.
fn users_of_16_bytes() -> Store {
    of_users(|mut user| {
        user[16..].fill(0);
        user
    })
}

/// The last byte of a user is lost.
fn users_without_the_last_byte() -> Store {
    of_users(|mut user| {
        user[31] = 0;
        user
    })
}

/// The sign of each byte of a user is lost.
fn users_of_seven_bits() -> Store {
    of_users(|user| user.map(|byte| byte & 0x7f))
}

/// A user of zeros only is nobody.
fn a_user_of_zeros_is_nobody() -> Store {
    Store::new().touch_by(|rows, (at, activity)| {
        let zeros = UserKey::from_bytes([0; 32]);
        let user = activity.user().filter(|user| *user != zeros);
        rows.touch(&(at.clone(), activity.by(user)))
    })
}

caught! {
    keys_without_tenants
    keys_of_16_bytes
    keys_without_the_last_byte
    keys_without_the_first_byte
    keys_without_byte_17
    keys_end_at_a_zero
    keys_are_texts
    keys_without_case
    keys_of_seven_bits
    keys_are_sums
    keys_without_zeros_around
    keys_in_short_hex
    a_key_of_zeros_is_no_key
    users_of_16_bytes
    users_without_the_last_byte
    users_of_seven_bits
    a_user_of_zeros_is_nobody
}
