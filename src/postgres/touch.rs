//! Writes the activity of clients, and applies the limit of a user.

use std::time::Duration;

use sqlx::{Connection as _, FromRow as _, PgConnection};

use crate::{
    postgres::{
        counter::Counter,
        failure::Failure,
        read,
        removal::{Chosen, Removal},
        sql,
    },
    store::{Activity, TouchOutcome, Usage, UserKey, UserLimit},
    stored_row,
    types::{ClientId, TenantId},
};

/// Writes an activity. `None`: the user has a limit, so [`touch_and_evict`] has to write the activity.
pub(super) async fn touch(
    connection: &mut PgConnection,
    tenant: &TenantId,
    id: &ClientId,
    touch: Activity,
) -> Result<Option<TouchOutcome>, Failure> {
    // Most activity changes nothing.
    let outcome = match usage(connection, tenant, id).await? {
        None => TouchOutcome::Missing,
        Some(usage) if usage.touched(touch).is_none() => TouchOutcome::Unchanged,
        Some(_) if touch.limit().is_some() => return Ok(None),
        Some(_) => match write(connection, tenant, id, touch).await? {
            Ok(_) => TouchOutcome::Written {
                evicted: Vec::new(),
            },
            Err(outcome) => outcome,
        },
    };
    Ok(Some(outcome))
}

/// Writes an activity, and evicts clients of its user.
///
/// This locks the row of the tenant first, like each transaction that removes clients. So only one transaction at a time
/// writes activity of the same user.
pub(super) async fn touch_and_evict(
    connection: &mut PgConnection,
    tenant: &TenantId,
    id: &ClientId,
    touch: Activity,
    lock_timeout: Duration,
) -> Result<TouchOutcome, Failure> {
    let mut transaction = connection.begin_with(sql::begin(lock_timeout)).await?;
    Counter::lock(&mut transaction, tenant.as_str()).await?;
    let outcome = match write(&mut transaction, tenant, id, touch).await? {
        Ok(Touched { user }) => {
            let limit = touch.limit().filter(|limit| user == Some(limit.user));
            let evicted = match limit {
                Some(limit) => evict_of_user(&mut transaction, tenant, limit, id).await?,
                None => Vec::new(),
            };
            TouchOutcome::Written { evicted }
        }
        Err(outcome) => outcome,
    };
    transaction.commit().await?;
    Ok(outcome)
}

/// A client whose activity was written.
struct Touched {
    /// Its first user.
    user: Option<UserKey>,
}

/// How often writing an activity is tried if other transactions store the client between the two statements.
const MAX_ATTEMPTS: usize = 8;

/// Writes an activity, or returns why it was not written: another activity or a removal came first.
///
/// A client that was missing may be stored before the second statement looks for it. Then writing is tried again,
/// because the activity may change that client.
async fn write(
    connection: &mut PgConnection,
    tenant: &TenantId,
    id: &ClientId,
    touch: Activity,
) -> Result<Result<Touched, TouchOutcome>, Failure> {
    for _ in 0..MAX_ATTEMPTS {
        if let Some(touched) = write_touch(connection, tenant, id, touch).await? {
            return Ok(Ok(touched));
        }
        match usage(connection, tenant, id).await? {
            None => return Ok(Err(TouchOutcome::Missing)),
            Some(usage) if usage.touched(touch).is_none() => break,
            Some(_) => {}
        }
    }
    Ok(Err(TouchOutcome::Unchanged))
}

/// Writes an activity, unless there is nothing to write.
async fn write_touch(
    connection: &mut PgConnection,
    tenant: &TenantId,
    id: &ClientId,
    touch: Activity,
) -> Result<Option<Touched>, Failure> {
    let user: Option<Option<Vec<u8>>> = sqlx::query_scalar(sql::TOUCH)
        .bind(tenant.as_str())
        .bind(id.as_str())
        .bind(touch.is_use())
        .bind(stored_row::millis(touch.idle_since()))
        .bind(stored_row::millis(touch.until()))
        .bind(stored_row::user_key(touch.user()))
        .fetch_optional(connection)
        .await?;
    Ok(user.map(|user| Touched {
        user: stored_row::user(user),
    }))
}

/// Removes clients of a user, except `touched`, until the limit holds: the longest idle clients first, and shared
/// clients last.
///
/// Activity without a limit, blocking and duplicates don't wait for the row of the tenant. If they change a chosen client
/// first, the statement misses this client. Then the clients are counted and chosen again, because a blocked client does
/// not count. This is repeated as often as [`Removal`] allows. The next activity of the user evicts the rest.
async fn evict_of_user(
    connection: &mut PgConnection,
    tenant: &TenantId,
    limit: UserLimit,
    touched: &ClientId,
) -> Result<Vec<ClientId>, Failure> {
    let user = limit.user.as_bytes().as_slice();
    let mut removal = Removal::new(evictions(connection, tenant, limit).await?);
    while let Some(remaining) = removal.remaining() {
        let chosen: Vec<Chosen> = sqlx::query_as(sql::EVICT_OF_USER)
            .bind(tenant.as_str())
            .bind(user)
            .bind(touched.as_str())
            .bind(remaining)
            .fetch_all(&mut *connection)
            .await?;
        if removal.add(chosen) {
            removal.end_after(evictions(connection, tenant, limit).await?);
        }
    }
    removal.ended(Ok(()))
}

/// How many clients of the user have to be evicted now.
async fn evictions(
    connection: &mut PgConnection,
    tenant: &TenantId,
    limit: UserLimit,
) -> Result<u64, Failure> {
    let clients: i64 = sqlx::query_scalar(sql::COUNT_OF_USER)
        .bind(tenant.as_str())
        .bind(limit.user.as_bytes().as_slice())
        .fetch_one(connection)
        .await?;
    Ok(limit.evictions(clients.unsigned_abs()))
}

async fn usage(
    connection: &mut PgConnection,
    tenant: &TenantId,
    id: &ClientId,
) -> Result<Option<Usage>, Failure> {
    let found = sqlx::query(sql::USAGE)
        .bind(tenant.as_str())
        .bind(id.as_str());
    let found = read::row(connection, found).await?;
    let columns = found.map(|row| stored_row::UsageColumns::from_row(&row));
    Ok(columns.transpose()?.map(stored_row::usage))
}
