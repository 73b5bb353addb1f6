//! The server's database, read directly.

use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
    sync::Arc,
};

use oauth_dcr::{
    Client, TenantId, postgres::PostgresStore, sqlite::SqliteStore, store::ClientStore,
};
use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection, SqliteConnection,
    sqlite::SqliteConnectOptions,
};

/// How many clients are listed at a time.
const PAGE: u32 = 1000;

/// For each tenant: the number of clients in its row, the actual number, and whether the tenant is
/// counted. The row of an uncounted tenant means nothing, so the first two numbers are then the
/// same.
const COUNTS: &str = "SELECT
        COALESCE(noted.clients, present.clients),
        COALESCE(present.clients, 0),
        noted.tenant IS NOT NULL
    FROM (SELECT tenant, clients FROM oauth_dcr_tenants WHERE counted) AS noted
    FULL JOIN (
        SELECT tenant, COUNT(*) AS clients FROM oauth_dcr_clients GROUP BY tenant
    ) AS present ON present.tenant = noted.tenant";

/// Clients by tenant and id.
pub(crate) type Clients = HashMap<(String, String), Arc<Client>>;

/// A database that stores clients.
pub(crate) enum Database {
    /// The path of the file.
    Sqlite(PathBuf),
    /// The URL of the database.
    Postgres(String),
}

impl Database {
    /// The server's option `--store`.
    pub(crate) fn option(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
            Self::Postgres(url) => url.clone(),
        }
    }

    /// All clients of these tenants, by tenant and id. Panics if a client can not be read.
    pub(crate) async fn clients(&self, tenants: &BTreeSet<&str>) -> Clients {
        match self {
            Self::Sqlite(path) => all(&SqliteStore::open(path).await.unwrap(), tenants).await,
            Self::Postgres(url) => all(&PostgresStore::connect(url).await.unwrap(), tenants).await,
        }
    }

    /// Panics unless each counted tenant has as many clients as its row says, at least one tenant
    /// is counted, and an SQLite file is intact. Returns the number of clients of all tenants.
    pub(crate) async fn assert_whole(&self) -> usize {
        let counts: Vec<(i64, i64, bool)> = match self {
            Self::Sqlite(path) => {
                let options = SqliteConnectOptions::new().filename(path);
                let mut connection = options.connect().await.unwrap();
                assert_eq!(integrity(&mut connection).await, ["ok"]);
                sqlx::query_as(COUNTS).fetch_all(&mut connection).await
            }
            Self::Postgres(url) => {
                let mut connection = PgConnection::connect(url).await.unwrap();
                sqlx::query_as(COUNTS).fetch_all(&mut connection).await
            }
        }
        .unwrap();
        let any_is_counted = counts.iter().any(|(.., is_counted)| *is_counted);
        assert!(any_is_counted, "no tenant is counted: {counts:?}");
        for (noted, present, _) in &counts {
            assert_eq!(noted, present, "the count of a tenant");
        }
        let clients: i64 = counts.iter().map(|(_, present, _)| present).sum();
        clients.try_into().unwrap()
    }
}

async fn integrity(connection: &mut SqliteConnection) -> Vec<String> {
    let check = sqlx::query_scalar("PRAGMA integrity_check");
    check.fetch_all(connection).await.unwrap()
}

async fn all(store: &impl ClientStore, tenants: &BTreeSet<&str>) -> Clients {
    let mut clients = Clients::new();
    for tenant in tenants {
        let id = TenantId::parse(tenant).unwrap();
        let mut last = None;
        loop {
            let page = store.list(&id, last.as_ref(), PAGE).await.unwrap();
            let Some(end) = page.last() else {
                break;
            };
            last = Some(end.id().clone());
            let place = |client: &Client| (id.to_string(), client.id().to_string());
            let page = page.into_iter().map(|row| row.readable().unwrap());
            clients.extend(page.map(|it| (place(&it), it)));
        }
    }
    clients
}
