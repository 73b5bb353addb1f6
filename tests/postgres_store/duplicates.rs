//! A duplicate whose client changes between the statements of the insertion.

use oauth_dcr::store::{ClientStore as _, DuplicateKey, InsertOutcome, Insertion};

use crate::{
    fixture::{Fixture, ISSUED, client_of, deduplicated, is_inserted, record},
    races::wait_for_a_lock,
};

/// The insertion has found the client and waits for its row. Meanwhile the row gets another record,
/// as if the client was removed and registered anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_answer_matches_the_stored_client() {
    let fixture = Fixture::new().await;
    let stored = fixture.node(0).insert(deduplicated("t1", "first", 1)).await;
    assert!(is_inserted(&stored.unwrap()));
    let other = record("t1", "first", ISSUED + 1);

    let mut operator = fixture.pool.begin().await.unwrap();
    sqlx::query("UPDATE oauth_dcr_clients SET record = $1 WHERE client_id = 'first'")
        .bind(other.to_string().into_bytes())
        .execute(&mut *operator)
        .await
        .unwrap();
    let again = Insertion::new(client_of(record("t1", "second", ISSUED + 2)));
    let again = again.deduplicated_by(Some(DuplicateKey::from_bytes([1; 32])));
    let registering = tokio::spawn({
        let node = fixture.node(1);
        async move { node.insert(again).await.unwrap() }
    });
    wait_for_a_lock(&fixture).await;
    operator.commit().await.unwrap();

    let expected = InsertOutcome::Duplicate(client_of(other));
    assert_eq!(registering.await.unwrap(), expected);
}
