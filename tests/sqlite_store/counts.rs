//! How many clients a tenant has, which its limit depends on.

use oauth_dcr::{
    Timestamp,
    store::{ClientStore as _, RemoveOutcome, Sweep},
};

use crate::{
    fixture::{connect, insert, open},
    minted::Minted,
    temporary::TemporaryDir,
};

#[tokio::test]
async fn the_count_of_a_tenant_follows_its_clients() {
    let dir = TemporaryDir::new();
    let store = open(&dir).await;
    let clients = Minted::default().clients(50);
    let tenant = clients[0].tenant();
    for client in &clients {
        insert(&store, client).await;
        insert(&store, client).await;
    }
    let removed = store.remove(tenant, clients[0].id()).await.unwrap();
    assert_eq!(removed, RemoveOutcome::Removed);
    let everything = Sweep::new().unused_before(Timestamp::MAX).limit(9);
    assert_eq!(store.sweep(tenant, everything).await.unwrap().len(), 9);
    let mut connection = connect(&dir).await;
    let sql = "SELECT clients, (SELECT count(*) FROM oauth_dcr_clients) FROM oauth_dcr_tenants";
    let counts: (i64, i64) = sqlx::query_as(sql)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(counts, (40, 40));
}
