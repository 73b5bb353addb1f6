//! Between the crate's values and the columns.

use std::sync::Arc;

use crate::{
    client::Client,
    postgres::failure::Failure,
    values::{ClientId, Timestamp},
};

/// A moment as a column: what is later than it can hold never comes.
pub(super) fn millis(moment: Timestamp) -> i64 {
    i64::try_from(moment.unix_millis()).unwrap_or(i64::MAX)
}

/// The moment of a column.
pub(super) fn moment(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(u64::try_from(millis).unwrap_or(0))
}

/// A revision as a column, one for each.
pub(super) const fn revision(revision: u64) -> i64 {
    revision.cast_signed()
}

pub(super) fn write(client: &Client) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(client).map_err(Failure::Unwritable)
}

pub(super) fn read(id: &ClientId, record: &[u8]) -> Result<Arc<Client>, Failure> {
    let client = serde_json::from_slice(record);
    client
        .map(Arc::new)
        .map_err(|error| Failure::unreadable(id.clone(), &error))
}

pub(super) fn id(tenant: &str, text: &str) -> Result<ClientId, Failure> {
    ClientId::parse(text).map_err(|_| Failure::NoId(tenant.to_owned()))
}
