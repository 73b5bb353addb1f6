//! The contents of rows, and rows that can not be read.

use std::{collections::BTreeSet, fs, num::NonZeroU64};

use oauth_dcr::{
    MarkOutcome, Registrar, TenantSettings, Timestamp,
    store::{ClientStore as _, InsertOutcome, Insertion, Sweep, UserKey},
};

use crate::{
    fixture::{connect, insert, open},
    minted::Minted,
    spoiled,
    temporary::TemporaryDir,
};

#[tokio::test]
async fn the_file_contains_a_digest_of_the_user() {
    const USER: &str = "alice@example.com";
    let dir = TemporaryDir::new();
    let store = open(&dir).await;
    let client = &Minted::default().clients(1)[0];
    insert(&store, client).await;
    let tenant = TenantSettings::new();
    let registrar = Registrar::builder(store).tenant(tenant.clone());
    let registrar = registrar.build().unwrap();
    let marking = registrar.mark_used(&tenant, client.id(), None, Some(USER));
    let evicted = Vec::new();
    assert_eq!(marking.await.unwrap(), MarkOutcome::Marked { evicted });
    // The database and its log.
    let mut bytes = Vec::new();
    for file in fs::read_dir(dir.path()).unwrap() {
        bytes.extend(fs::read(file.unwrap().path()).unwrap());
    }
    let holds = |part: &[u8]| bytes.windows(part.len()).any(|it| it == part);
    assert!(holds(client.id().as_str().as_bytes()));
    assert!(holds(UserKey::of(client.tenant(), USER).as_bytes()));
    assert!(!holds(USER.as_bytes()) && !holds(b"alice"));
}

#[tokio::test]
async fn an_unreadable_record_can_be_managed() {
    let dir = TemporaryDir::new();
    let store = open(&dir).await;
    spoiled::unreadable_rows_can_be_managed(&store, async |tenant, id, record| {
        // Text with invalid bytes, as a failing disk may leave it.
        let sql = "UPDATE oauth_dcr_clients SET record = CAST(? AS TEXT)
                   WHERE tenant = ? AND client_id = ?";
        let written = sqlx::query(sql)
            .bind(record)
            .bind(tenant.as_str())
            .bind(id.as_str())
            .execute(&mut connect(&dir).await)
            .await
            .unwrap();
        assert_eq!(written.rows_affected(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_row_with_an_invalid_id_can_be_managed() {
    let dir = TemporaryDir::new();
    let store = open(&dir).await;
    spoiled::rows_with_invalid_ids_can_be_managed(&store, async |tenant, id, foreign| {
        let sql = "UPDATE oauth_dcr_clients SET client_id = ? WHERE tenant = ? AND client_id = ?";
        let written = sqlx::query(sql)
            .bind(foreign)
            .bind(tenant.as_str())
            .bind(id.as_str())
            .execute(&mut connect(&dir).await)
            .await
            .unwrap();
        assert_eq!(written.rows_affected(), 1);
    })
    .await;
}

/// SQLite stores text with any bytes. A row whose id is invalid text can not be named by a call,
/// but it hides no other row.
#[tokio::test]
async fn an_id_outside_utf_8_hides_no_other() {
    let dir = TemporaryDir::new();
    let store = open(&dir).await;
    let clients = Minted::default().clients(6);
    for client in &clients {
        insert(&store, client).await;
    }
    let spoiled = ["X'74FF62'", "X'FF'", "X'7470635FF0'"];
    for (client, id) in clients.iter().zip(spoiled) {
        let sql = format!(
            "UPDATE oauth_dcr_clients SET client_id = CAST({id} AS TEXT) WHERE client_id = ?"
        );
        let update = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(client.id().as_str());
        update.execute(&mut connect(&dir).await).await.unwrap();
    }
    let tenant = clients[0].tenant();
    let readable: BTreeSet<&str> = clients[3..].iter().map(|it| it.id().as_str()).collect();
    for limit in [1, 2, 10] {
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page = store.list(tenant, after.as_ref(), limit).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.id().clone());
            seen.extend(page);
            assert!(
                seen.len() <= clients.len(),
                "each row is on one page: {seen:?}"
            );
        }
        assert_eq!(seen.len(), clients.len());
        let found = seen.iter().map(|row| row.id().as_str());
        let found: BTreeSet<&str> = found.filter(|id| id.is_ascii()).collect();
        assert_eq!(found, readable);
    }
    let max = NonZeroU64::new(6);
    let newcomer = Minted::default().clients(7).swap_remove(6);
    let outcome = store
        .insert(Insertion::new(newcomer).max_clients(max))
        .await;
    assert!(matches!(&outcome, Ok(InsertOutcome::Inserted { removed }) if removed.len() == 1));
    let sweep = Sweep::new().unused_before(Timestamp::MAX);
    assert_eq!(store.sweep(tenant, sweep).await.unwrap().len(), 6);
}
