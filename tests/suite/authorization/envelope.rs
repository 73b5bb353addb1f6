//! Data that a host stores is read back as it was written, or refused.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::*;
use oauth_dcr::token::RefreshBinding;

fn decision() -> AuthorizationDecision {
    let mut pairs = with("nonce", "n-1");
    pairs.push(("connection", "google".to_owned()));
    authorize(&t1(), &client(), pairs).unwrap()
}

fn binding() -> CodeBinding {
    let now = Timestamp::from_unix_seconds(1_800_000_000);
    decision()
        .approve()
        .code_binding(now, Duration::from_mins(1))
        .unwrap()
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

fn survives<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(kept: &T) {
    let text = serde_json::to_string(kept).unwrap();
    assert_eq!(read::<T>(&text).as_ref(), Ok(kept));
    // It also survives a database that normalizes JSON, and another format.
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(read::<T>(&value.to_string()).as_ref(), Ok(kept));
    let mut bytes = Vec::new();
    ciborium::into_writer(kept, &mut bytes).unwrap();
    assert_eq!(&ciborium::from_reader::<T, _>(&bytes[..]).unwrap(), kept);
}

/// Every change of one byte that leaves valid JSON, and every truncation.
fn refuses_changes<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(kept: &T) {
    let text = serde_json::to_string(kept).unwrap();
    for at in 0..text.len() {
        assert!(read::<T>(&text[..at]).is_err(), "cut at {at}");
        for byte in [b'a', b'0', b'9', b'/', b' ', b'"', b'}'] {
            let mut changed = text.clone().into_bytes();
            if changed[at] == byte {
                continue;
            }
            changed[at] = byte;
            let changed = String::from_utf8(changed).unwrap();
            assert!(read::<T>(&changed).is_err(), "{changed}");
        }
    }
}

#[test]
fn decision_and_binding_survive_a_round_trip() {
    survives(&decision());
    survives(&binding());
    let bare = authorize(&t1(), &client(), without("state"))
        .unwrap()
        .limited_to([]);
    survives(&bare);
}

#[test]
fn a_changed_or_cut_document_is_refused() {
    refuses_changes(&decision());
    refuses_changes(&binding());
}

#[test]
fn a_document_of_another_version_is_refused() {
    let mut document: Value = serde_json::to_value(binding()).unwrap();
    assert!(read::<AuthorizationDecision>(&document.to_string()).is_err());
    assert!(read::<RefreshBinding>(&document.to_string()).is_err());
    document["version"] = 2.into();
    let error = read::<CodeBinding>(&document.to_string()).unwrap_err();
    assert!(error.contains("version"), "{error}");
}

#[test]
fn a_missing_or_extra_member_is_refused() {
    let document: Value = serde_json::to_value(decision()).unwrap();
    let members: Vec<String> = document["content"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    for member in members {
        let mut changed = document.clone();
        changed["content"].as_object_mut().unwrap().remove(&member);
        assert!(
            read::<AuthorizationDecision>(&changed.to_string()).is_err(),
            "{member}"
        );
    }
    let mut changed = document;
    changed["content"]["more"] = 1.into();
    assert!(read::<AuthorizationDecision>(&changed.to_string()).is_err());
}
