use std::time::Duration;

use sqlx::{
    PgConnection, SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
};

use crate::postgres::{failure::Failure, sql};

/// Where the migrations that are done are written down.
const TABLE: &str = "oauth_dcr_migrations";

/// How often a starter tries again that others were in the way of. Each time one of them is done.
const RETRIES: u32 = 10;

const PAUSE: Duration = Duration::from_millis(50);

fn migrator() -> Migrator {
    let clients = Migration::new(
        1,
        "clients".into(),
        MigrationType::Simple,
        include_str!("migrations/0001_clients.sql").into_sql_str(),
        false,
    );
    let mut migrator = Migrator::with_migrations(vec![clients]);
    migrator.dangerous_set_table_name(TABLE);
    // Where nodes are replaced one by one, an old one may start after a new one has migrated.
    migrator.set_ignore_missing(true);
    // Advisory locks are not everywhere, and behind some poolers they stay when the node is gone.
    // What races here is refused by the database, and tried again.
    migrator.set_locking(false);
    migrator
}

/// Brings the schema up to date. Asks for no right beyond reading if it is.
pub(super) async fn migrate(connection: &mut PgConnection) -> Result<(), Failure> {
    let migrator = migrator();
    for attempt in 1..=RETRIES {
        if is_current(connection, &migrator).await {
            return Ok(());
        }
        match migrator.run(&mut *connection).await.map_err(Failure::from) {
            Err(failure) if failure.is_racing_migration() => {}
            result => return result,
        }
        tokio::time::sleep(PAUSE * attempt).await;
    }
    Ok(migrator.run(connection).await?)
}

async fn is_current(connection: &mut PgConnection, migrator: &Migrator) -> bool {
    let done = sqlx::query_as::<_, (i64, Vec<u8>)>(sql::MIGRATIONS);
    // If they can't be read, the migrator finds out why.
    let done = done.fetch_all(connection).await.unwrap_or_default();
    migrator.iter().all(|migration| {
        let is_same = |(version, checksum): &(i64, Vec<u8>)| {
            *version == migration.version && **checksum == *migration.checksum
        };
        done.iter().any(is_same)
    })
}
