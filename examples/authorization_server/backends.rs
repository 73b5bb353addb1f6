//! The store and the limiter that the command line asks for.

use oauth_dcr::{
    BackendError, MemoryStore, PostgresStore, RedisRateLimiter, Registrar, RegistrarBuilder,
    SqliteStore,
};

use crate::options::{LimiterChoice, StoreChoice};

/// A registrar's beginnings, with both.
pub(crate) async fn registrar(
    store: &StoreChoice,
    limiter: &LimiterChoice,
) -> Result<RegistrarBuilder, BackendError> {
    let builder = match store {
        StoreChoice::Memory => Registrar::builder(MemoryStore::new()),
        StoreChoice::Sqlite(path) => Registrar::builder(SqliteStore::open(path).await?),
        StoreChoice::Postgres(url) => Registrar::builder(PostgresStore::connect(url).await?),
    };
    Ok(match limiter {
        LimiterChoice::Local => builder,
        LimiterChoice::Redis(url) => builder.limiter(RedisRateLimiter::connect(url).await?),
    })
}
