use std::{env, error::Error as _, fs, process};

use super::*;

fn cause<T: fmt::Debug>(answer: Result<T, BackendError>) -> String {
    answer.unwrap_err().source().unwrap().to_string()
}

#[tokio::test]
async fn the_longest_time_out_is_a_day() {
    let folder = env::temp_dir().join(format!("oauth-dcr-time-out-{}", process::id()));
    fs::create_dir(&folder).unwrap();
    let store = SqliteStore::open_with_timeout(folder.join("clients"), Duration::MAX);
    let store = store.await.unwrap();
    assert_eq!(store.timeout, LONGEST_TIMEOUT);
    let page = store.list(&TenantId::sole(), None, u32::MAX).await;
    assert!(page.unwrap().is_empty());
    drop(store);
    fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn no_read_waits_beyond_the_time_out() {
    let folder = env::temp_dir().join(format!("oauth-dcr-readers-{}", process::id()));
    fs::create_dir(&folder).unwrap();
    let timeout = Duration::from_millis(50);
    let store = SqliteStore::open_with_timeout(folder.join("clients"), timeout);
    let store = store.await.unwrap();
    let mut taken = Vec::new();
    for _ in 0..database::READERS {
        taken.push(store.readers.acquire().await.unwrap());
    }
    let (tenant, id) = (TenantId::sole(), ClientId::parse("tpc_1").unwrap());
    let touch = Activity::registered_again(crate::types::Timestamp::MAX);
    let causes = [
        cause(store.find(&tenant, &id).await),
        cause(store.list(&tenant, None, 1).await),
        cause(store.touch(&tenant, &id, touch).await),
    ];
    assert_eq!(causes, ["no answer within 50ms"; 3]);
    drop(taken);
    assert_eq!(store.find(&tenant, &id).await.unwrap(), None);
    fs::remove_dir_all(folder).unwrap();
}

/// Replaces the file of a store.
#[cfg(unix)]
async fn replaced_store(folder: &Path) -> SqliteStore {
    fs::create_dir(folder).unwrap();
    let (path, another) = (folder.join("clients"), folder.join("another"));
    drop(SqliteStore::open(&another).await.unwrap());
    let store = SqliteStore::open(&path).await.unwrap();
    fs::rename(&path, folder.join("elsewhere")).unwrap();
    fs::rename(&another, &path).unwrap();
    store
}

#[cfg(unix)]
#[tokio::test]
async fn all_readers_have_the_first_file_open() {
    let folder = env::temp_dir().join(format!("oauth-dcr-readers-stay-{}", process::id()));
    let store = replaced_store(&folder).await;
    let mut taken = Vec::new();
    for _ in 0..database::READERS {
        taken.push(store.readers.acquire().await.unwrap());
    }
    drop(taken);
    // SQLite deletes the log when the last connection to the other file ends.
    assert!(folder.join("clients-wal").exists());
    fs::remove_dir_all(folder).unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn no_reader_opens_another_file() {
    let folder = env::temp_dir().join(format!("oauth-dcr-no-reader-{}", process::id()));
    let store = replaced_store(&folder).await;
    for _ in 0..database::READERS {
        let reader = store.readers.acquire().await.unwrap();
        reader.close().await.unwrap();
    }
    let reader = tokio::time::timeout(Duration::from_millis(500), store.readers.acquire()).await;
    reader.unwrap_err();
    fs::remove_dir_all(folder).unwrap();
}
