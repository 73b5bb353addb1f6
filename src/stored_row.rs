//! Converts values to and from the columns of the SQL stores.

use crate::{
    client::{Client, StoredClient},
    store::{Usage, UserKey},
    types::{ClientId, TenantId, Timestamp},
};

/// Why a client can't be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoredError {
    #[error("the record of client `{id}` has more than {max} bytes", max = Client::MAX_RECORD_BYTES)]
    TooLong { id: ClientId },
    #[error("the record of a client can't be encoded")]
    Unwritable(#[source] serde_json::Error),
}

/// A row that was read. `blocked` and `revision` replace the values in the record.
pub(crate) struct Row<'a> {
    pub(crate) record: &'a [u8],
    pub(crate) blocked: bool,
    pub(crate) revision: i64,
}

impl Row<'_> {
    pub(crate) fn read(&self, tenant: &TenantId, id: &ClientId) -> StoredClient {
        let revision = self.revision.cast_unsigned();
        StoredClient::from_record(tenant, id, self.record, self.blocked, revision)
    }
}

/// A time as a column. A time that is too late for the column becomes the latest time, which is never reached.
pub(crate) fn millis(moment: Timestamp) -> i64 {
    i64::try_from(moment.unix_millis()).unwrap_or(i64::MAX)
}

/// The time in a column.
fn moment(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(u64::try_from(millis).unwrap_or(0))
}

/// The columns of a usage: `is_used`, `idle_since`, `user_key` and `is_shared`.
pub(crate) type UsageColumns = (bool, i64, Option<Vec<u8>>, bool);

/// The usage in these columns.
pub(crate) fn usage((is_used, idle_since, user, is_shared): UsageColumns) -> Usage {
    Usage::from_parts(is_used, moment(idle_since), self::user(user), is_shared)
}

/// The user in a column.
pub(crate) fn user(key: Option<Vec<u8>>) -> Option<UserKey> {
    key.and_then(|key| key.try_into().ok())
        .map(UserKey::from_bytes)
}

/// A user as a column.
pub(crate) fn user_key(user: Option<UserKey>) -> Option<Vec<u8>> {
    user.map(|user| user.as_bytes().to_vec())
}

/// A revision as a column. Each revision has a different value.
pub(crate) const fn revision(revision: u64) -> i64 {
    revision.cast_signed()
}

/// The record of `client`, as JSON.
pub(crate) fn write(client: &Client) -> Result<String, StoredError> {
    let record = serde_json::to_string(client).map_err(StoredError::Unwritable)?;
    if record.len() > Client::MAX_RECORD_BYTES {
        let id = client.id().clone();
        return Err(StoredError::TooLong { id });
    }
    Ok(record)
}
