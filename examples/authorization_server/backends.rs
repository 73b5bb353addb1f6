//! The store and the limiter that the command line asks for.

use oauth_dcr::{
    BackendError, MemoryStore, PostgresStore, RedisRateLimiter, Registrar, RegistrarBuilder,
    SqliteStore,
};

use crate::{
    options::{LimiterChoice, StoreChoice},
    report,
};

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
        LimiterChoice::Redis(url) => builder.limiter(redis(url).await?),
    })
}

/// A limiter that can't be reached yet refuses requests until it can be, as when it is lost later.
async fn redis(url: &str) -> Result<RedisRateLimiter, BackendError> {
    let limiter = RedisRateLimiter::connect(url).await?;
    if let Some(error) = limiter.connect_error() {
        let cause = report::chain(error);
        report::warning(&format!(
            "--limiter: {cause}; clients of tenants with a rate limit can't register until it answers"
        ));
    }
    Ok(limiter)
}
