//! Implements `ClientStore`.

use sqlx::{Row as _, postgres::PgRow};

use crate::{
    backend_error::BackendError,
    client::StoredClient,
    postgres::{
        PostgresStore,
        failure::Failure,
        read,
        removal::Removal,
        remove, row, sql, sweep,
        tenant_locks::LockUse,
        time_outs::{TimeLimit, lock_timeout, part},
        touch, update,
    },
    store::{
        Activity, BlockOutcome, ClientStore, ClientUpdate, InsertOutcome, Insertion, RemoveOutcome,
        Sweep, TouchOutcome, UpdateOutcome,
    },
    stored_row,
    types::{ClientId, TenantId, Timestamp},
};

/// Reading the server's clock may take this fraction of the time-out.
const CLOCK: u32 = 4;

impl ClientStore for PostgresStore {
    async fn insert(&self, insertion: Insertion) -> Result<InsertOutcome, BackendError> {
        self.inserts.insert(insertion).await
    }

    async fn find(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<Option<StoredClient>, BackendError> {
        let found = self.database.run(|connection, _| {
            Box::pin(async move {
                let found = sqlx::query(sql::FIND)
                    .bind(tenant.as_str())
                    .bind(id.as_str());
                read::row(connection, found).await
            })
        });
        let read = |row: PgRow| row::read(tenant, id, &row, 0);
        Ok(found.await?.map(read).transpose()?)
    }

    async fn list(
        &self,
        tenant: &TenantId,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<Vec<StoredClient>, BackendError> {
        let rows = self.database.run(|connection, _| {
            Box::pin(async move {
                let rows = sqlx::query(sql::LIST)
                    .bind(tenant.as_str())
                    // No id is empty, so every id comes after the empty text.
                    .bind(after.map_or("", ClientId::as_str))
                    .bind(i64::from(limit));
                read::rows(connection, rows).await
            })
        });
        let read = |row: &PgRow| row::read(tenant, &ClientId::restore(row.try_get(0)?), row, 1);
        let clients: Result<_, Failure> = rows.await?.iter().map(read).collect();
        Ok(clients?)
    }

    async fn update(&self, update: ClientUpdate) -> Result<UpdateOutcome, BackendError> {
        let record = stored_row::write(update.client()).map_err(Failure::from)?;
        let (update, record) = (&update, record.as_bytes());
        let outcome = self
            .database
            .run(|connection, _| Box::pin(update::update(connection, update, record)));
        Ok(outcome.await?)
    }

    async fn set_blocked(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        blocked: bool,
    ) -> Result<BlockOutcome, BackendError> {
        let revision = self.database.run(|connection, _| {
            Box::pin(async move {
                let revision = sqlx::query_scalar::<_, i64>(sql::SET_BLOCKED)
                    .bind(tenant.as_str())
                    .bind(id.as_str())
                    .bind(blocked);
                Ok(revision.fetch_optional(connection).await?)
            })
        });
        let written = |revision: i64| BlockOutcome::Written {
            revision: revision.cast_unsigned(),
        };
        Ok(revision.await?.map_or(BlockOutcome::Missing, written))
    }

    async fn remove(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<RemoveOutcome, BackendError> {
        let timeout = self.database.timeout();
        let (limit, locks) = (TimeLimit::after(timeout), lock_timeout(timeout));
        let removed =
            self.database
                .run_with_tenant_lock(tenant, LockUse::Brief, limit, |connection, _| {
                    Box::pin(remove::remove(connection, tenant, id, locks))
                });
        Ok(removed.await?)
    }

    async fn touch(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        touch: Activity,
    ) -> Result<TouchOutcome, BackendError> {
        let timeout = self.database.timeout();
        let (limit, locks) = (TimeLimit::after(timeout), lock_timeout(timeout));
        let outcome = self.database.run_within(limit, |connection, _| {
            Box::pin(touch::touch(connection, tenant, id, touch))
        });
        if let Some(outcome) = outcome.await? {
            return Ok(outcome);
        }
        let outcome =
            self.database
                .run_with_tenant_lock(tenant, LockUse::Long, limit, |connection, _| {
                    Box::pin(touch::touch_and_evict(connection, tenant, id, touch, locks))
                });
        Ok(outcome.await?)
    }

    async fn sweep(&self, tenant: &TenantId, sweep: Sweep) -> Result<Vec<ClientId>, BackendError> {
        let mut removal = Removal::new(u64::from(sweep.max_removed()));
        let timeout = self.database.timeout();
        let (limit, locks) = (TimeLimit::after(timeout), lock_timeout(timeout));
        while let Some(remaining) = removal.remaining() {
            let chosen = self.database.run_with_tenant_lock(
                tenant,
                LockUse::Long,
                limit,
                |connection, _| Box::pin(sweep::sweep(connection, tenant, sweep, remaining, locks)),
            );
            match chosen.await {
                Ok(chosen) => {
                    removal.add(chosen);
                }
                Err(failure) => return Ok(removal.ended(Err(failure))?),
            }
        }
        Ok(removal.ended(Ok(()))?)
    }

    /// Reads the clock of the database server. This may take a quarter of the time-out, so that the call that needs the
    /// time has enough left.
    async fn now(&self) -> Result<Option<Timestamp>, BackendError> {
        let limit = TimeLimit::after(part(self.database.timeout(), CLOCK));
        let millis = self.database.run_within(limit, |connection, _| {
            Box::pin(async move {
                let row = read::row(connection, sqlx::query(sql::NOW)).await?;
                let millis: i64 = row.ok_or(sqlx::Error::RowNotFound)?.try_get(0)?;
                Ok(u64::try_from(millis).unwrap_or_default())
            })
        });
        let millis = millis.await?;
        Ok(Some(Timestamp::from_unix_millis(millis)))
    }
}
