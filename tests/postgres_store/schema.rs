//! The tables, and how they are created.

use std::{collections::BTreeSet, fs, path::Path};

use oauth_dcr::{
    Timestamp,
    postgres::PostgresStore,
    store::{Activity, ClientStore as _, Sweep},
};
use sqlx::{AssertSqlSafe, PgPool};

use crate::fixture::{
    Fixture, ISSUED, database, deduplicated, id, is_inserted, limited, plain, story, tenant,
};

/// The migrations, as they are published, without their comments.
fn files() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/postgres/migrations");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let read = |path| {
        let text = fs::read_to_string(path).unwrap();
        let code = text.lines().map(|line| line.split("--").next().unwrap());
        code.collect::<Vec<_>>().join("\n")
    };
    paths.into_iter().map(read).collect()
}

#[test]
fn migrations_use_only_common_sql() {
    let files = files();
    assert!(!files.is_empty());
    for file in files {
        let words: BTreeSet<String> = file
            .split(|it: char| !it.is_ascii_alphanumeric() && it != '_')
            .map(str::to_ascii_uppercase)
            .collect();
        for word in [
            "SERIAL",
            "BIGSERIAL",
            "IDENTITY",
            "EXTENSION",
            "SEQUENCE",
            "NEXTVAL",
            "TRIGGER",
            "FUNCTION",
            "DO",
            "LOCK",
            "UNLOGGED",
            "USING",
            "TABLESPACE",
            "ENUM",
            "PARTITION",
        ] {
            assert!(!words.contains(word), "{word}");
        }
        for statement in file.split(';').map(str::trim).filter(|it| !it.is_empty()) {
            // Nodes that start at the same time, and operators who apply a file twice, change
            // nothing.
            let changes_nothing_twice =
                statement.contains("IF NOT EXISTS ") || statement.contains(" SET DEFAULT ");
            assert!(changes_nothing_twice, "{statement}");
            assert!(statement.contains(" oauth_dcr_"), "{statement}");
        }
    }
}

#[test]
fn each_key_begins_with_the_tenant() {
    let mut keys = 0;
    for file in files() {
        let tables = file.split("PRIMARY KEY").skip(1);
        let indexes = file.split("\n    ON ").skip(1);
        for key in tables.chain(indexes) {
            keys += 1;
            let (_, columns) = key.split_once('(').unwrap();
            let (first, _) = columns.split_once([',', ')']).unwrap();
            assert_eq!(first, "tenant", "{key}");
        }
    }
    assert_eq!(keys, 5);
}

#[tokio::test]
async fn all_text_sorts_by_its_bytes() {
    let fixture = Fixture::new().await;
    let columns: Vec<(String, Option<String>)> = sqlx::query_as(
        "SELECT table_name || '.' || column_name, collation_name::text
        FROM information_schema.columns
        WHERE table_name IN ('oauth_dcr_clients', 'oauth_dcr_tenants') AND data_type = 'text'",
    )
    .fetch_all(&fixture.pool)
    .await
    .unwrap();
    assert_eq!(columns.len(), 3);
    for (column, collation) in columns {
        assert_eq!(collation.as_deref(), Some("C"), "{column}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_race_to_create_the_tables() {
    for _ in 0..3 {
        let url = database();
        let starters = (0..8).map(|number| {
            let url = url.clone();
            tokio::spawn(async move {
                let store = PostgresStore::connect(&url).await.unwrap();
                let store = store.with_timeout(crate::fixture::LONG_TIMEOUT);
                let client = plain("t1", &format!("id{number}"));
                is_inserted(&store.insert(client).await.unwrap())
            })
        });
        for starter in starters.collect::<Vec<_>>() {
            assert!(starter.await.unwrap());
        }
        let pool = PgPool::connect(&url).await.unwrap();
        let done: Vec<(i64, bool)> =
            sqlx::query_as("SELECT version, success FROM oauth_dcr_migrations ORDER BY version")
                .fetch_all(&pool)
                .await
                .unwrap();
        assert_eq!(done, [1, 2, 3, 4].map(|version| (version, true)));
    }
}

#[tokio::test]
async fn an_old_node_starts_on_a_newer_schema() {
    let url = database();
    PostgresStore::connect(&url).await.unwrap();
    let pool = PgPool::connect(&url).await.unwrap();
    sqlx::raw_sql(
        "INSERT INTO oauth_dcr_migrations (version, description, success, checksum, execution_time)
        VALUES (9999, 'of a later version', TRUE, '', 0)",
    )
    .execute(&pool)
    .await
    .unwrap();
    let store = PostgresStore::connect(&url).await.unwrap();
    assert!(is_inserted(&store.insert(plain("t1", "id")).await.unwrap()));
}

#[tokio::test]
async fn a_changed_migration_is_refused() {
    let url = database();
    PostgresStore::connect(&url).await.unwrap();
    let pool = PgPool::connect(&url).await.unwrap();
    sqlx::raw_sql("UPDATE oauth_dcr_migrations SET checksum = 'another'")
        .execute(&pool)
        .await
        .unwrap();
    let error = PostgresStore::connect(&url).await.unwrap_err();
    assert!(
        story(&error).contains("has been modified"),
        "{}",
        story(&error)
    );
}

/// Uses every method of a store.
async fn use_all(store: &PostgresStore) {
    let t1 = tenant("t1");
    for insertion in [
        plain("t1", "a"),
        limited("t1", "b", 10),
        deduplicated("t1", "c", 1),
    ] {
        assert!(is_inserted(&store.insert(insertion).await.unwrap()));
    }
    let now = Timestamp::from_unix_millis(ISSUED + 1);
    store
        .touch(&t1, &id("a"), Activity::used(now, None))
        .await
        .unwrap();
    assert_eq!(store.list(&t1, None, 10).await.unwrap().len(), 3);
    store.remove(&t1, &id("b")).await.unwrap();
    let swept = store
        .sweep(&t1, Sweep::new().unused_before(now))
        .await
        .unwrap();
    assert_eq!(swept, [id("c")]);
    assert!(store.find(&t1, &id("a")).await.unwrap().is_some());
}

#[tokio::test]
async fn a_role_without_create_uses_existing_tables() {
    let url = database();
    let pool = PgPool::connect(&url).await.unwrap();
    let role = format!("node_{}", url.rsplit_once('/').unwrap().1);
    sqlx::raw_sql(AssertSqlSafe(format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'open-sesame'; REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    )))
    .execute(&pool)
    .await
    .unwrap();
    let (_, address) = url.split_once('@').unwrap();
    let url = format!("postgres://{role}:open-sesame@{address}");

    let refused = PostgresStore::connect(&url).await.unwrap_err();
    let refused = story(&refused);
    assert!(
        refused.contains("permission denied for schema public"),
        "{refused}"
    );
    assert!(!refused.contains("open-sesame"), "{refused}");

    PostgresStore::migrate(&pool).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!(
        "GRANT SELECT ON oauth_dcr_migrations TO {role};
        GRANT SELECT, INSERT, UPDATE, DELETE ON oauth_dcr_clients, oauth_dcr_tenants TO {role}"
    )))
    .execute(&pool)
    .await
    .unwrap();
    use_all(&PostgresStore::connect(&url).await.unwrap()).await;
}

#[tokio::test]
async fn migrations_can_be_applied_by_hand() {
    let pool = PgPool::connect(&database()).await.unwrap();
    for file in files() {
        let sql = AssertSqlSafe(file);
        sqlx::raw_sql(sql).execute(&pool).await.unwrap();
    }
    use_all(&PostgresStore::with_pool(pool.clone())).await;
    // A later node with more rights finds nothing left to do.
    PostgresStore::migrate(&pool).await.unwrap();
    PostgresStore::migrate(&pool).await.unwrap();
}
