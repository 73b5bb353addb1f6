//! Statements that only read clients.

pub(in crate::postgres) const FIND: &str = "
SELECT substring(record FROM 1 FOR 4194305), blocked, revision FROM oauth_dcr_clients
WHERE tenant = $1 AND client_id = $2
";

pub(in crate::postgres) const LIST: &str = "
SELECT client_id, substring(record FROM 1 FOR 4194305), blocked, revision FROM oauth_dcr_clients
WHERE tenant = $1 AND client_id > $2 ORDER BY client_id LIMIT $3
";

pub(in crate::postgres) const EXISTS: &str =
    "SELECT EXISTS (SELECT 1 FROM oauth_dcr_clients WHERE tenant = $1 AND client_id = $2)";

pub(in crate::postgres) const USAGE: &str = "
SELECT is_used, idle_since, user_key, is_shared FROM oauth_dcr_clients
WHERE tenant = $1 AND client_id = $2
";

/// The clients with these duplicate keys: tenants and keys, one array each.
pub(in crate::postgres) const FIND_DUPLICATES: &str = "
SELECT found.tenant, found.fold_key, found.client_id,
    substring(found.record FROM 1 FOR 4194305), found.blocked, found.revision, found.is_used, found.idle_since, found.user_key,
    found.is_shared
FROM UNNEST($1::TEXT[], $2::BYTEA[]) AS same (tenant, fold_key)
JOIN oauth_dcr_clients AS found
    ON found.tenant = same.tenant AND found.fold_key = same.fold_key
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Client;

    #[test]
    fn no_more_of_a_record_is_read_than_tells_that_it_is_too_long() {
        let most = Client::MAX_RECORD_BYTES + 1;
        let bounded = format!("record FROM 1 FOR {most})");
        for statement in [FIND, LIST, FIND_DUPLICATES] {
            assert!(statement.contains(&bounded), "{statement}");
            assert_eq!(statement.matches("record").count(), 1, "{statement}");
        }
    }
}
