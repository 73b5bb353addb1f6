//! The store and the limiter that the command line asks for.

use std::{path::Path, time::Duration};

#[cfg(feature = "postgres")]
use oauth_dcr::postgres::PostgresStore;
#[cfg(feature = "redis")]
use oauth_dcr::redis::RedisRateLimiter;
use oauth_dcr::{BackendError, MemoryStore, Registrar, RegistrarBuilder, sqlite::SqliteStore};

use crate::{
    options::{LimiterChoice, StoreChoice},
    outages::Watched,
    report,
};

/// How long a call to SQLite may take. A client that waits for its answer needs it sooner than the default.
const SQLITE_TIMEOUT: Duration = Duration::from_secs(1);

/// A builder with this store and this limiter. An error begins with the option at fault.
pub(crate) async fn registrar(
    store: &StoreChoice,
    limiter: &LimiterChoice,
) -> Result<RegistrarBuilder, String> {
    let builder = with_store(store)
        .await
        .map_err(|error| format!("--store: {}", report::chain(&error)))?;
    match limiter {
        LimiterChoice::Local => Ok(builder),
        #[cfg(feature = "redis")]
        LimiterChoice::Redis(url) => match redis(url).await {
            Ok(limiter) => Ok(builder.limiter(Watched::new(limiter))),
            Err(error) => Err(format!("--limiter: {}", report::chain(&error))),
        },
    }
}

async fn with_store(store: &StoreChoice) -> Result<RegistrarBuilder, BackendError> {
    Ok(match store {
        StoreChoice::Memory => Registrar::builder(MemoryStore::new()),
        StoreChoice::Sqlite(path) => Registrar::builder(Watched::new(sqlite(path).await?)),
        #[cfg(feature = "postgres")]
        StoreChoice::Postgres(url) => {
            Registrar::builder(Watched::new(PostgresStore::connect(url).await?))
        }
    })
}

async fn sqlite(path: &Path) -> Result<SqliteStore, BackendError> {
    SqliteStore::open_with_timeout(path, SQLITE_TIMEOUT).await
}

/// Connects to Redis. Until Redis answers, the limiter refuses requests, as it does when the connection
/// is lost later.
#[cfg(feature = "redis")]
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
