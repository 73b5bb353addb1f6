use std::time::Duration;

use sqlx::{
    AssertSqlSafe, PgConnection, SqlSafeStr as _,
    migrate::{AppliedMigration, Migrate as _, MigrateError, Migration, MigrationType},
};

use crate::postgres::{failure::Failure, sql};

/// Where the migrations that are done are written down.
const TABLE: &str = "oauth_dcr_migrations";

/// How often a starter tries again that others were in the way of. Each time one of them is done.
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

/// What makes text sort by its bytes, whatever the database was made with.
const BYTEWISE: &str = r#" COLLATE "C""#;

/// The migrations for a server that calls itself `version`.
fn migrations(version: &str) -> [Migration; 4] {
    // It sorts text by its bytes anyway, and refuses to be told so.
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

/// Brings the schema up to date. Asks for no right beyond reading if it is.
///
/// There is no lock: advisory locks are not everywhere, and behind some poolers they stay when the
/// node is gone. Of starters that race, the database refuses all but one, and they try again.
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
    // To ask the database to make a table if there is none takes the right to make one.
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

/// Those of later versions don't matter: where nodes are replaced one by one, an old one may start
/// after a new one has migrated.
fn is_done(migration: &Migration, done: &[AppliedMigration]) -> Result<bool, MigrateError> {
    let found = done.iter().find(|it| it.version == migration.version);
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
    fn only_a_server_that_refuses_collations_gets_none() {
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
