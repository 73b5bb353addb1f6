//! Statements that only read.
//!
//! A read-only server is a standby, or a primary that was demoted, and its data may be old. So each statement returns
//! in the column `is_read_only` whether the server is read-only. For this, it always returns a row. The first column of
//! the row is NULL if nothing was found.

pub(in crate::postgres) const FIND: &str = "
SELECT substring(found.record FROM 1 FOR 4194305), found.blocked, found.revision,
    server.is_read_only
FROM (SELECT current_setting('transaction_read_only') = 'on' AS is_read_only) AS server
LEFT JOIN oauth_dcr_clients AS found ON found.tenant = $1 AND found.client_id = $2
";

pub(in crate::postgres) const LIST: &str = "
SELECT found.client_id, found.record, found.blocked, found.revision, server.is_read_only
FROM (SELECT current_setting('transaction_read_only') = 'on' AS is_read_only) AS server
LEFT JOIN (
    SELECT client_id, substring(record FROM 1 FOR 4194305) AS record, blocked, revision
    FROM oauth_dcr_clients
    WHERE tenant = $1 AND client_id > $2 ORDER BY client_id LIMIT $3
) AS found ON TRUE
ORDER BY found.client_id
";

pub(in crate::postgres) const EXISTS: &str = "
SELECT found.client_id, server.is_read_only
FROM (SELECT current_setting('transaction_read_only') = 'on' AS is_read_only) AS server
LEFT JOIN oauth_dcr_clients AS found ON found.tenant = $1 AND found.client_id = $2
";

pub(in crate::postgres) const REVISION: &str = "
SELECT found.revision, server.is_read_only
FROM (SELECT current_setting('transaction_read_only') = 'on' AS is_read_only) AS server
LEFT JOIN oauth_dcr_clients AS found ON found.tenant = $1 AND found.client_id = $2
";

pub(in crate::postgres) const USAGE: &str = "
SELECT found.is_used, found.idle_since, found.user_key, found.is_shared, server.is_read_only
FROM (SELECT current_setting('transaction_read_only') = 'on' AS is_read_only) AS server
LEFT JOIN oauth_dcr_clients AS found ON found.tenant = $1 AND found.client_id = $2
";

/// The clients with these duplicate keys: tenants and keys, one array each.
pub(in crate::postgres) const FIND_DUPLICATES: &str = "
SELECT found.tenant, found.fold_key, found.client_id,
    substring(found.record FROM 1 FOR 4194305), found.blocked, found.revision, found.is_used,
    found.idle_since, found.user_key, found.is_shared, server.is_read_only
FROM (SELECT current_setting('transaction_read_only') = 'on' AS is_read_only) AS server
LEFT JOIN (
    UNNEST($1::TEXT[], $2::BYTEA[]) AS same (tenant, fold_key)
    JOIN oauth_dcr_clients AS found
        ON found.tenant = same.tenant AND found.fold_key = same.fold_key
) ON TRUE
";

/// The time of the server's clock, in milliseconds since the Unix epoch.
pub(in crate::postgres) const NOW: &str = "
SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::BIGINT,
    current_setting('transaction_read_only') = 'on' AS is_read_only
";

/// Whether the server is read-only.
pub(in crate::postgres) const IS_READ_ONLY: &str =
    "SELECT current_setting('transaction_read_only') = 'on'";

/// The server process that answers. Some poolers pin a session to a connection once it changes a setting, so this sets a
/// setting to its default.
pub(in crate::postgres) const PROCESS: &str =
    "SET lock_timeout TO DEFAULT; SELECT pg_backend_pid()::TEXT";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{client::Client, postgres::sql::TOUCH_DUPLICATE};

    #[test]
    fn reads_are_bounded_by_the_record_limit() {
        let most = Client::MAX_RECORD_BYTES + 1;
        let bounded = format!("record FROM 1 FOR {most})");
        for statement in [FIND, LIST, FIND_DUPLICATES, TOUCH_DUPLICATE] {
            assert!(statement.contains(&bounded), "{statement}");
            assert_eq!(statement.matches("substring").count(), 1, "{statement}");
        }
    }
}
