//! Two servers behind one address.

use oauth_dcr::postgres::PostgresStore;
use private_servers::PrivatePostgres;
use sqlx::{Connection as _, PgConnection, postgres::PgPoolOptions};
use tokio::time::Instant;

use crate::{fixture::LONG_TIMEOUT, switched_address::SwitchedAddress};

/// A primary, its standby, and an address that leads to the first of them until it is switched.
pub(super) struct Pair {
    old: PrivatePostgres,
    new: PrivatePostgres,
    address: SwitchedAddress,
}

impl Pair {
    /// Every commit on the old server is also on the new server.
    pub(super) async fn start() -> Self {
        let old = PrivatePostgres::start();
        let new = old.start_standby();
        let mut operator = PgConnection::connect(&old.url()).await.unwrap();
        set(
            &mut operator,
            "ALTER SYSTEM SET synchronous_standby_names = '*'",
        )
        .await;
        let is_synchronous = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
        wait_for(&mut operator, is_synchronous).await;
        let address = SwitchedAddress::to(&old.url()).await;
        Self { old, new, address }
    }

    pub(super) fn url(&self) -> String {
        self.address.url()
    }

    /// A store that opens its own connections, and a store with a pool of the host's.
    pub(super) async fn stores(&self) -> [PostgresStore; 2] {
        let connected = PostgresStore::connect(&self.url()).await.unwrap();
        // A standby can not run serializable transactions.
        let setting = "options[default_transaction_isolation]=serializable";
        let url = format!("{}?{setting}", self.url());
        let pool = PgPoolOptions::new().connect_lazy(&url).unwrap();
        PostgresStore::migrate(&pool).await.unwrap();
        [connected, PostgresStore::with_pool(pool)]
    }

    /// After this, no transaction can write.
    pub(super) async fn make_the_old_read_only(&self) {
        let mut operator = PgConnection::connect(&self.old.url()).await.unwrap();
        set(
            &mut operator,
            "ALTER SYSTEM SET default_transaction_read_only = on",
        )
        .await;
        let is_read_only = "SELECT (current_setting('transaction_read_only') = 'on')::INT::BIGINT";
        wait_for(&mut operator, is_read_only).await;
        let writers = "SELECT (count(*) = 0)::INT::BIGINT FROM pg_stat_activity
            WHERE backend_xid IS NOT NULL";
        wait_for(&mut operator, writers).await;
    }

    pub(super) fn restart_the_old_as_a_standby(&mut self) {
        self.old.make_standby();
        self.old.restart();
    }

    pub(super) async fn promote_the_new(&self) {
        let mut operator = PgConnection::connect(&self.new.url()).await.unwrap();
        let promoted = sqlx::query_scalar::<_, bool>("SELECT pg_promote()");
        assert!(promoted.fetch_one(&mut operator).await.unwrap());
    }

    /// Removes two of the old rows and blocks another.
    pub(super) async fn change_rows_on_the_new(&self) {
        let mut operator = PgConnection::connect(&self.new.url()).await.unwrap();
        for (change, rows) in [
            (
                "DELETE FROM oauth_dcr_clients WHERE client_id = 'removed'",
                1,
            ),
            ("DELETE FROM oauth_dcr_clients WHERE client_id = 'same'", 1),
            (
                "UPDATE oauth_dcr_clients SET blocked = TRUE WHERE client_id = 'blocked'",
                1,
            ),
        ] {
            let done = sqlx::query(change).execute(&mut operator).await.unwrap();
            assert_eq!(done.rows_affected(), rows, "{change}");
        }
    }

    pub(super) fn switch(&self) {
        self.address.switch_to(&self.new.url());
    }

    /// Makes the old server writable, and leads the address to it.
    pub(super) async fn switch_back(&self) {
        let mut operator = PgConnection::connect(&self.old.url()).await.unwrap();
        set(
            &mut operator,
            "ALTER SYSTEM RESET default_transaction_read_only",
        )
        .await;
        let is_writable = "SELECT (current_setting('transaction_read_only') = 'off')::INT::BIGINT";
        wait_for(&mut operator, is_writable).await;
        self.address.switch_to(&self.old.url());
    }

    /// Checks that all these clients are stored.
    pub(super) async fn assert_on_the_new(&self, ids: &[String]) {
        assert!(!ids.is_empty());
        let mut operator = PgConnection::connect(&self.new.url()).await.unwrap();
        let missing: Vec<String> = sqlx::query_scalar(
            "SELECT id FROM UNNEST($1::TEXT[]) AS told (id)
            WHERE NOT EXISTS (SELECT 1 FROM oauth_dcr_clients WHERE client_id = id)",
        )
        .bind(ids)
        .fetch_all(&mut operator)
        .await
        .unwrap();
        assert_eq!(missing, [""; 0], "of {}", ids.len());
    }
}

/// Changes a setting of the server.
async fn set(operator: &mut PgConnection, setting: &'static str) {
    sqlx::raw_sql(setting)
        .execute(&mut *operator)
        .await
        .unwrap();
    sqlx::raw_sql("SELECT pg_reload_conf()")
        .execute(operator)
        .await
        .unwrap();
}

/// Waits until the query says more than 0, for a minute at most.
async fn wait_for(operator: &mut PgConnection, query: &'static str) {
    let end = Instant::now() + LONG_TIMEOUT;
    while Instant::now() < end {
        let number: i64 = sqlx::query_scalar(query)
            .fetch_one(&mut *operator)
            .await
            .unwrap();
        if number > 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("still 0: {query}");
}
