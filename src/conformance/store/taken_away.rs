//! Updates that remove fields.

use std::sync::Arc;

use crate::{
    client::Client,
    conformance::store::{
        fields::{assert_is_read, permissive, whole},
        fixture::{Fixture, hour, insertion, key},
    },
    store::{ClientStore, InsertOutcome, UpdateOutcome},
    types::SecretDigest,
};

/// Updates remove the fields of a client step by step and restore them. `find`, `list` and duplicates return no field
/// of an earlier revision.
pub async fn an_update_takes_away_what_it_lacks(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let whole = whole(&fixture, "a");
    let no_previous_secret = Client {
        previous_secret: None,
        ..whole.clone()
    };
    let no_policy = Client {
        error_redirect_policy: None,
        ..whole.clone()
    };
    let unblocked = Client {
        blocked: false,
        ..no_policy.clone()
    };
    let other_values = Client {
        issued_at: hour(3),
        secret: Some(SecretDigest::of("next")),
        previous_secret: Some((SecretDigest::of("now"), hour(7))),
        ..permissive(&fixture, "a")
    };
    let steps = [
        no_previous_secret,
        whole.clone(),
        no_policy,
        unblocked,
        fixture.client("a"),
        whole.clone(),
        other_values,
        whole.clone(),
        fixture.client("a"),
    ];
    let first = insertion(whole.clone()).deduplicated_by(Some(key(1)));
    fixture.insert(first).await;
    for (revision, step) in (whole.revision + 1..).zip(steps) {
        let update = Client { revision, ..step };
        let outcome = fixture.update(update.clone()).await;
        assert_eq!(
            outcome,
            UpdateOutcome::Updated,
            "an update with the next revision is stored"
        );
        // The second pass reads through the other node.
        for _ in 0..2 {
            assert_is_read(&fixture, &update).await;
            let again = fixture.insertion("again").deduplicated_by(Some(key(1)));
            let outcome = fixture.insert(again).await;
            let expected = InsertOutcome::Duplicate(Arc::new(update.clone()));
            assert_eq!(outcome, expected, "a duplicate returns the current client");
        }
    }
}
