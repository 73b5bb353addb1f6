//! A store in a new file, and operations on it.

use std::{error::Error as _, sync::Arc};

use oauth_dcr::{
    BackendError, Client,
    sqlite::SqliteStore,
    store::{ClientStore as _, InsertOutcome, Insertion},
};
use sqlx::{ConnectOptions as _, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::temporary::TemporaryDir;

pub(crate) async fn connect(dir: &TemporaryDir) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(dir.path().join("clients"))
        .create_if_missing(true);
    options.connect().await.unwrap()
}

pub(crate) async fn open(dir: &TemporaryDir) -> SqliteStore {
    SqliteStore::open(dir.path().join("clients")).await.unwrap()
}

pub(crate) fn inserted() -> InsertOutcome {
    InsertOutcome::Inserted { removed: vec![] }
}

pub(crate) async fn insert(store: &SqliteStore, client: &Arc<Client>) -> InsertOutcome {
    let insertion = Insertion::new(Arc::clone(client));
    store.insert(insertion).await.unwrap()
}

pub(crate) fn cause(error: &BackendError) -> String {
    error.source().unwrap().to_string()
}
