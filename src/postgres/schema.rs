use std::time::Duration;

use sqlx::{
    AssertSqlSafe, PgConnection, SqlSafeStr as _,
    migrate::{AppliedMigration, Migrate as _, MigrateError, Migration, MigrationType},
};

use crate::postgres::{failure::Failure, sql};

/// The table that records which migrations are done.
const TABLE: &str = "oauth_dcr_migrations";

/// How often a node tries again if other nodes migrate at the same time. Each time, one of the nodes succeeds.
const RETRIES: u32 = 10;

const PAUSE: Duration = Duration::from_millis(50);

const FILES: [(i64, &str, &str); 4] = [
    (1, "clients", include_str!("migrations/0001_clients.sql")),
    (2, "user key", include_str!("migrations/0002_user_key.sql")),
    (
        3,
        "clients by user",
        include_str!("migrations/0003_clients_by_user.sql"),
    ),
    (
        4,
        "counted tenants",
        include_str!("migrations/0004_counted_tenants.sql"),
    ),
];

/// Makes text sort by its bytes, whatever the collation of the database is.
const BYTEWISE: &str = r#" COLLATE "C""#;

/// The migrations for a server whose `version()` is this text.
fn migrations(version: &str) -> [Migration; 4] {
    // CockroachDB always sorts text by its bytes, and refuses the collation.
    let is_cockroach = version.starts_with("CockroachDB");
    FILES.map(|(number, name, sql)| {
        let sql = if is_cockroach {
            AssertSqlSafe(sql.replace(BYTEWISE, "")).into_sql_str()
        } else {
            sql.into_sql_str()
        };
        Migration::new(number, name.into(), MigrationType::Simple, sql, false)
    })
}

/// Updates the schema. If the schema is up to date, this needs only the right to read.
///
/// There is no advisory lock, because some databases have none, and behind some poolers it outlives the node. If several
/// nodes migrate at the same time, the database lets one succeed, and the others try again.
pub(super) async fn migrate(connection: &mut PgConnection) -> Result<(), Failure> {
    for attempt in 1..=RETRIES {
        match attempt_to_migrate(connection).await {
            Err(failure) if failure.is_racing_migration() => {}
            result => return result,
        }
        tokio::time::sleep(PAUSE.saturating_mul(attempt)).await;
    }
    attempt_to_migrate(connection).await
}

async fn attempt_to_migrate(connection: &mut PgConnection) -> Result<(), Failure> {
    // `CREATE TABLE IF NOT EXISTS` needs the right to create tables, so first check whether the table exists.
    if sqlx::query(sql::MIGRATIONS)
        .execute(&mut *connection)
        .await
        .is_err()
    {
        connection.ensure_migrations_table(TABLE).await?;
    }
    let done = connection.list_applied_migrations(TABLE).await?;
    let version: String = sqlx::query_scalar(sql::VERSION)
        .fetch_one(&mut *connection)
        .await?;
    for migration in migrations(&version) {
        if !is_done(&migration, &done)? {
            connection.apply(TABLE, &migration).await?;
        }
    }
    Ok(())
}

/// Whether `migration` is done. Migrations of later versions are ignored: during a rolling upgrade, an old node may start
/// after a new node has migrated.
fn is_done(migration: &Migration, done: &[AppliedMigration]) -> Result<bool, MigrateError> {
    let found = done
        .iter()
        .find(|applied| applied.version == migration.version);
    match found {
        Some(found) if found.checksum != migration.checksum => {
            Err(MigrateError::VersionMismatch(migration.version))
        }
        found => Ok(found.is_some()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cockroach_gets_no_collation() {
        let [postgres, ..] = migrations("PostgreSQL 15.18 (Debian 15.18-0+deb12u1)");
        let [cockroach, ..] = migrations("CockroachDB CCL v25.4.0");
        let (postgres, cockroach) = (postgres.sql.as_str(), cockroach.sql.as_str());
        let column = |name: &str, collation: &str| format!("{name} TEXT{collation} NOT NULL");
        for name in ["tenant", "client_id"] {
            assert!(postgres.contains(&column(name, BYTEWISE)), "{name}");
            assert!(cockroach.contains(&column(name, "")), "{name}");
        }
    }
}
