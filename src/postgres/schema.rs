use std::time::Duration;

use sqlx::{
    PgConnection, SqlSafeStr as _,
    migrate::{AppliedMigration, Migrate as _, MigrateError, Migration, MigrationType},
};

use crate::postgres::{failure::Failure, sql};

/// Where the migrations that are done are written down.
const TABLE: &str = "oauth_dcr_migrations";

/// How often a starter tries again that others were in the way of. Each time one of them is done.
const RETRIES: u32 = 10;

const PAUSE: Duration = Duration::from_millis(50);

fn migrations() -> [Migration; 1] {
    [Migration::new(
        1,
        "clients".into(),
        MigrationType::Simple,
        include_str!("migrations/0001_clients.sql").into_sql_str(),
        false,
    )]
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
        tokio::time::sleep(PAUSE * attempt).await;
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
    for migration in migrations() {
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
