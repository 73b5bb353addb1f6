//! A store in PostgreSQL by hand. Each client is one row, one prepared statement and one commit. There is no
//! limit and no deduplication. The store counts the clients of a tenant only if `counts` is true.

use std::sync::Arc;

use oauth_dcr::Client;
use sqlx::PgPool;

const INSERT: &str = "INSERT INTO oauth_dcr_clients
    (tenant, client_id, record, revision, blocked, is_used, idle_since)
    VALUES ($1, $2, $3, 0, FALSE, FALSE, $4) ON CONFLICT DO NOTHING";

const INSERT_AND_COUNT: &str = "WITH stored AS (
    INSERT INTO oauth_dcr_clients
        (tenant, client_id, record, revision, blocked, is_used, idle_since)
    VALUES ($1, $2, $3, 0, FALSE, FALSE, $4) ON CONFLICT DO NOTHING RETURNING tenant
) INSERT INTO oauth_dcr_tenants (tenant, clients) SELECT tenant, 1 FROM stored
ON CONFLICT (tenant) DO UPDATE SET clients = oauth_dcr_tenants.clients + 1";

const FIND: &str = "SELECT record FROM oauth_dcr_clients WHERE tenant = $1 AND client_id = $2";

#[derive(Clone)]
pub struct Baseline {
    pub pool: PgPool,
    pub counts: bool,
}

impl Baseline {
    pub async fn insert(&self, client: &Client) -> bool {
        let statement = if self.counts {
            INSERT_AND_COUNT
        } else {
            INSERT
        };
        let stored = sqlx::query(statement)
            .bind(client.tenant().as_str())
            .bind(client.id().as_str())
            .bind(serde_json::to_vec(client).unwrap())
            .bind(client.issued_at().unix_millis().cast_signed())
            .execute(&self.pool)
            .await
            .unwrap();
        stored.rows_affected() == 1
    }

    pub async fn find(&self, tenant: &str, id: &str) -> Option<Arc<Client>> {
        let record: Option<Vec<u8>> = sqlx::query_scalar(FIND)
            .bind(tenant)
            .bind(id)
            .fetch_optional(&self.pool)
            .await
            .unwrap();
        record.map(|record| Arc::new(serde_json::from_slice(&record).unwrap()))
    }
}
