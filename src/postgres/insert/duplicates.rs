use std::{collections::HashMap, sync::Arc};

use sqlx::{FromRow as _, PgConnection};

use crate::{
    client::{Client, StoredClient},
    postgres::{failure::Failure, insert::job::ids, read, sql},
    store::{Insertion, Usage},
    stored_row::{self, Row},
    types::{ClientId, TenantId},
};

/// The clients that some insertions are duplicates of, by tenant and duplicate key.
pub(super) struct Duplicates(HashMap<(String, Vec<u8>), Duplicate>);

struct Duplicate {
    client: StoredClient,
    usage: Usage,
}

/// A tenant, a duplicate key, and the id, the row and the usage of the client with that key.
type Found = (
    String,
    Vec<u8>,
    String,
    Vec<u8>,
    bool,
    i64,
    bool,
    i64,
    Option<Vec<u8>>,
    bool,
);

impl Duplicates {
    pub(super) async fn find(
        connection: &mut PgConnection,
        insertions: &[&Insertion],
    ) -> Result<Self, Failure> {
        let keys = insertions.iter().filter_map(|insertion| {
            let (tenant, _) = ids(insertion);
            Some((tenant, insertion.duplicate_key()?.as_bytes().to_vec()))
        });
        let (tenants, keys): (Vec<&str>, Vec<Vec<u8>>) = keys.unzip();
        let found = sqlx::query(sql::FIND_DUPLICATES).bind(tenants).bind(keys);
        let rows = read::rows(connection, found).await?;
        let rows: Vec<Found> = rows.iter().map(Found::from_row).collect::<Result<_, _>>()?;
        let tenants = insertions.iter().map(|it| it.client().tenant());
        let tenants: HashMap<&str, &TenantId> = tenants.map(|it| (it.as_str(), it)).collect();
        let duplicates = rows.into_iter().filter_map(
            |(tenant, key, id, record, blocked, revision, is_used, idle_since, user, is_shared)| {
                let id = ClientId::restore(id);
                let row = Row {
                    record: &record,
                    blocked,
                    revision,
                };
                let duplicate = Duplicate {
                    client: row.read(tenants.get(&*tenant)?, &id),
                    usage: stored_row::usage((is_used, idle_since, user, is_shared)),
                };
                Some(((tenant, key), duplicate))
            },
        );
        Ok(Self(duplicates.collect()))
    }

    /// The client that has the duplicate key of `insertion`, if there is one. It is touched, because the
    /// same program has registered again.
    pub(super) async fn deduplicate(
        &mut self,
        connection: &mut PgConnection,
        insertion: &Insertion,
    ) -> Result<Option<Arc<Client>>, Failure> {
        let Some(key) = insertion.duplicate_key() else {
            return Ok(None);
        };
        let tenant = insertion.client().tenant().as_str();
        let place = (tenant.to_owned(), key.as_bytes().to_vec());
        let Some(duplicate) = self.0.get_mut(&place) else {
            return Ok(None);
        };
        // An unreadable client fails this insertion alone, and not its batch.
        let client = duplicate.client.clone().readable()?;
        if let Some(touched) = duplicate.usage.touched(insertion.registered_again()) {
            let written: Option<(Vec<u8>, bool, i64)> = sqlx::query_as(sql::TOUCH_DUPLICATE)
                .bind(tenant)
                .bind(client.id().as_str())
                .bind(key.as_bytes().as_slice())
                .bind(stored_row::millis(touched.idle_since()))
                .fetch_optional(connection)
                .await?;
            let Some((record, blocked, revision)) = written else {
                // The client is gone, or has lost its duplicate key.
                self.0.remove(&place);
                return Ok(None);
            };
            // The client may have been removed and registered again since it was found.
            let row = Row {
                record: &record,
                blocked,
                revision,
            };
            duplicate.client = row.read(insertion.client().tenant(), client.id());
            duplicate.usage = touched;
        }
        Ok(Some(duplicate.client.clone().readable()?))
    }
}
