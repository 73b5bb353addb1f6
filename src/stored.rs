//! Between the crate's values and the columns of the stores in SQL.

use std::sync::Arc;

use crate::{
    client::Client,
    values::{ClientId, Timestamp},
};

/// A row can't be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoredError {
    /// Where, but not what: the record holds what a client sent, and a digest.
    #[error("the record of the client `{id}` can't be read, at line {line}, column {column}")]
    Unreadable {
        id: ClientId,
        line: usize,
        column: usize,
    },
    /// A row that no store of this crate writes.
    #[error("a client of tenant `{0}` has an id that is none")]
    NoId(String),
    #[error("a client can't be written down")]
    Unwritable(#[source] serde_json::Error),
}

/// A moment as a column: what is later than it can hold never comes.
pub(crate) fn millis(moment: Timestamp) -> i64 {
    i64::try_from(moment.unix_millis()).unwrap_or(i64::MAX)
}

/// The moment of a column.
pub(crate) fn moment(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(u64::try_from(millis).unwrap_or(0))
}

/// A revision as a column, one for each.
#[cfg(feature = "postgres")]
pub(crate) const fn revision(revision: u64) -> i64 {
    revision.cast_signed()
}

pub(crate) fn write(client: &Client) -> Result<String, StoredError> {
    serde_json::to_string(client).map_err(StoredError::Unwritable)
}

pub(crate) fn read(id: &ClientId, record: &[u8]) -> Result<Arc<Client>, StoredError> {
    let client = serde_json::from_slice(record);
    client
        .map(Arc::new)
        .map_err(|error| StoredError::Unreadable {
            id: id.clone(),
            line: error.line(),
            column: error.column(),
        })
}

pub(crate) fn id(tenant: &str, text: &str) -> Result<ClientId, StoredError> {
    ClientId::parse(text).map_err(|_| StoredError::NoId(tenant.to_owned()))
}
