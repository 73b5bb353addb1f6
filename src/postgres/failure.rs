use std::time::Duration;

use sqlx::{error::DatabaseError, migrate::MigrateError, postgres::PgDatabaseError};

use crate::{
    backend_error::BackendError, client::UnreadableClient, postgres::url::UrlFault,
    stored_row::StoredError,
};

/// The name of this back end in errors.
pub(super) const NAME: &str = "postgres";

/// The function of PostgreSQL that refuses serializable transactions on a standby. Its message can't be compared,
/// because it depends on the server's language.
const SERIALIZABLE_SNAPSHOT: &str = "GetSerializableTransactionSnapshot";

/// The table that PostgreSQL names in the context of a lock timeout if the row of a client was locked. The quotes
/// around the name depend on the server's language.
const CLIENTS: &str = "oauth_dcr_clients";

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Database(sqlx::Error),
    #[error(
        "sessions share connections to the server, as with PgBouncer in transaction mode: \
         use `pool_mode = session`"
    )]
    Pooled(#[source] Option<sqlx::Error>),
    #[error(
        "two connections did not answer within {0:?} when the store checked for a pooler that shares \
         connections between sessions"
    )]
    PoolerTimedOut(Duration),
    #[error(transparent)]
    Migration(#[from] MigrateError),
    #[error(transparent)]
    Url(#[from] UrlFault),
    /// A read-only server may return old data, and writes nothing.
    #[error("the server is read-only: it is a standby or a primary that was demoted")]
    ReadOnly,
    /// A row that one statement found was gone in the next statement.
    #[error("another transaction changed the rows between two statements")]
    Overtaken,
    #[error("another transaction has locked the row of the tenant")]
    TenantLocked,
    #[error("earlier work took too long, so this call was not started")]
    NotBegun,
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    #[error(transparent)]
    Stored(#[from] StoredError),
    #[error(transparent)]
    Unreadable(#[from] UnreadableClient),
}

impl Failure {
    /// Converts the error of a statement that locks the row of a tenant and then rows of clients.
    pub(super) fn of_tenant_lock(error: sqlx::Error) -> Self {
        let context = postgres_error(&error).and_then(PgDatabaseError::r#where);
        let is_client = context.is_some_and(|context| context.contains(CLIENTS));
        match Self::from(error) {
            failure if failure.is_locked() && !is_client => Self::TenantLocked,
            failure => failure,
        }
    }

    /// Whether another transaction conflicted, so that another attempt may succeed.
    pub(super) fn is_conflict(&self) -> bool {
        // serialization_failure, deadlock_detected
        matches!(self, Self::Overtaken) || self.has_code(&["40001", "40P01"])
    }

    /// Whether another transaction had locked a row that this transaction waited for.
    pub(super) fn is_locked(&self) -> bool {
        // lock_not_available
        matches!(self, Self::TenantLocked) || self.has_code(&["55P03"])
    }

    /// Whether the server is read-only. Then nothing was written, and another connection may lead to a primary.
    pub(super) fn is_read_only(&self) -> bool {
        // read_only_sql_transaction
        matches!(self, Self::ReadOnly)
            || self.has_code(&["25006"])
            || self.is_serializable_on_standby()
    }

    /// Whether a standby refused a serializable transaction. The code alone, feature_not_supported, also has other
    /// causes.
    fn is_serializable_on_standby(&self) -> bool {
        let Self::Database(error) = self else {
            return false;
        };
        postgres_error(error).is_some_and(|error| {
            error.code() == "0A000" && error.routine() == Some(SERIALIZABLE_SNAPSHOT)
        })
    }

    /// Whether another node ran the same migration at the same time.
    pub(super) fn is_racing_migration(&self) -> bool {
        // unique_violation (of a catalogue, too), duplicate_table, duplicate_object
        self.is_conflict() || self.has_code(&["23505", "42P07", "42710"])
    }

    /// Whether the database refused the statement, so that a single member of a group may be the cause. Otherwise the
    /// database did not answer, or is the wrong server.
    pub(super) fn is_refusal(&self) -> bool {
        match self {
            Self::Database(error) => error.as_database_error().is_some() && !self.is_read_only(),
            Self::Overtaken | Self::TenantLocked | Self::Stored(_) | Self::Unreadable(_) => true,
            Self::Pooled(_)
            | Self::PoolerTimedOut(_)
            | Self::Migration(_)
            | Self::Url(_)
            | Self::ReadOnly
            | Self::NotBegun
            | Self::TimedOut(_) => false,
        }
    }

    fn has_code(&self, codes: &[&str]) -> bool {
        let code = match self {
            Self::Database(error)
            | Self::Migration(
                MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _),
            ) => error.as_database_error().and_then(DatabaseError::code),
            _ => None,
        };
        code.is_some_and(|code| codes.contains(&&*code))
    }
}

fn postgres_error(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    let error = error.as_database_error();
    error.and_then(|error| error.try_downcast_ref())
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(DatabaseError::code);
        match code.as_deref() {
            // invalid_sql_statement_name, duplicate_prepared_statement: sqlx knows the statements of its sessions, so
            // these errors come from another session on the same connection.
            Some("26000" | "42P05") => Self::Pooled(Some(error)),
            _ => Self::Database(error),
        }
    }
}

impl From<Failure> for BackendError {
    fn from(failure: Failure) -> Self {
        // The library's error is the direct source, so that callers can find it.
        match failure {
            Failure::Database(error) => Self::new(NAME, error),
            Failure::Migration(error) => Self::new(NAME, error),
            Failure::Unreadable(client) => Self::new(NAME, client),
            other => Self::new(NAME, other),
        }
    }
}
