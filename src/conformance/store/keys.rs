//! Keys of clients and users that differ in one byte.

use std::{num::NonZeroU64, sync::Arc};

use crate::{
    conformance::store::fixture::{Fixture, hour, id, inserted, written},
    store::{Activity, ClientStore, DuplicateKey, InsertOutcome, TouchOutcome, UserKey},
};

/// Keys that differ from a few first keys in one byte, at each position. They differ by the case of a letter, by
/// bytes that are not text, or by a zero, which ends a text in some languages.
fn alike() -> Vec<[u8; 32]> {
    let mut keys = vec![*b"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF", [0; 32], [0xff; 32]];
    for place in 0..32 {
        for change in [0x20, 0x80, 0xc0, 0x01] {
            let mut key = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF";
            if let Some(byte) = key.get_mut(place) {
                *byte ^= change;
            }
            keys.push(key);
        }
        let mut zeroes = [0; 32];
        if let Some(byte) = zeroes.get_mut(place) {
            *byte = 1;
        }
        keys.push(zeroes);
        // If hexadecimal digits lose leading zeroes, all of these keys have the same digits.
        let mut ones = [0x11; 32];
        if let Some(byte) = ones.get_mut(place) {
            *byte = 0x01;
        }
        keys.push(ones);
    }
    keys
}

/// Clients with similar keys are all stored, and each key finds its own client.
pub async fn keys_are_compared_byte_by_byte(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let keys: Vec<_> = alike().into_iter().enumerate().collect();
    let insert = async |number: usize, key: [u8; 32], name: &str| {
        let insertion = fixture.insertion(&format!("{name}-{number}"));
        let key = DuplicateKey::from_bytes(key);
        fixture.insert(insertion.deduplicated_by(Some(key))).await
    };
    for (number, key) in &keys {
        let outcome = insert(*number, *key, "key").await;
        assert_eq!(
            outcome,
            inserted(),
            "no other client has the key {key:02x?}"
        );
    }
    for (number, key) in &keys {
        let outcome = insert(*number, *key, "again").await;
        let same = fixture.client(&format!("key-{number}"));
        let expected = InsertOutcome::Duplicate(Arc::new(same));
        assert_eq!(
            outcome, expected,
            "the client with the key {key:02x?} is returned"
        );
    }
    // Removing a key removes no other key.
    fixture.remove("key-0").await;
    for (number, key) in keys.iter().skip(1) {
        let outcome = insert(*number, *key, "third").await;
        let is_duplicate = matches!(outcome, InsertOutcome::Duplicate(_));
        assert!(
            is_duplicate,
            "the key {key:02x?} is still taken: {outcome:?}"
        );
    }
}

/// A user with a limit of one client evicts no client of a user with a similar key.
pub async fn users_are_compared_byte_by_byte(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let use_by = async |name: &str, user: [u8; 32]| {
        fixture.put(fixture.client(name)).await;
        let activity = Activity::used(hour(1), None)
            .by(Some(UserKey::from_bytes(user)))
            .max_clients_per_user(NonZeroU64::new(1));
        fixture.touch(name, activity).await
    };
    for (number, user) in alike().into_iter().enumerate() {
        let outcome = use_by(&format!("first-{number}"), user).await;
        assert_eq!(outcome, written(), "the user {user:02x?} has one client");
    }
    for (number, user) in alike().into_iter().enumerate() {
        let outcome = use_by(&format!("second-{number}"), user).await;
        let evicted = vec![id(&format!("first-{number}"))];
        let expected = TouchOutcome::Written { evicted };
        assert_eq!(outcome, expected, "the user {user:02x?} has two clients");
    }
}
