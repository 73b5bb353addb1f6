//! Checks the URL of a database.
//!
//! sqlx logs the name and value of a parameter that it does not know. The value may be the rest of a password that
//! contains a `?`. So a URL that sqlx would not understand is refused first, with a message that repeats nothing of it.

use url::Url;

/// The parameters that sqlx supports, except `options[NAME]`.
const PARAMETERS: [&str; 18] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

/// Why a URL is not the URL of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum UrlFault {
    #[error("the URL does not have the form postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
    Form,
    #[error(
        "the URL has a parameter that is not supported; in a password, write `?` as %3F and `&` as %26"
    )]
    Parameter,
    #[error(
        "the URL has a `#`, or an `@` after the host; in a password, write `#` as %23, `/` as %2F and `?` as %3F"
    )]
    Unencoded,
}

/// Checks the parts of `url` that sqlx does not check.
pub(super) fn check(url: &str) -> Result<(), UrlFault> {
    // If the text is not a URL at all, sqlx reports why.
    url.parse()
        .map_or(Ok(()), |parsed| check_parsed(url, &parsed))
}

fn check_parsed(text: &str, url: &Url) -> Result<(), UrlFault> {
    let is_postgres = matches!(url.scheme(), "postgres" | "postgresql");
    let has_authority = text
        .split_once(':')
        .is_some_and(|(_, rest)| rest.starts_with("//"));
    let has_host = url.host_str().is_some_and(|host| !host.is_empty())
        || url
            .query_pairs()
            .any(|(name, _)| matches!(&*name, "host" | "hostaddr"));
    if !(is_postgres && has_authority && has_host) {
        return Err(UrlFault::Form);
    }
    if url.fragment().is_some() || url.path().contains('@') {
        return Err(UrlFault::Unencoded);
    }
    let is_known = |name: &str| {
        let setting = name.strip_prefix("options[");
        PARAMETERS.contains(&name) || setting.is_some_and(|setting| setting.ends_with(']'))
    };
    if url.query_pairs().all(|(name, _)| is_known(&name)) {
        Ok(())
    } else {
        Err(UrlFault::Parameter)
    }
}

#[cfg(test)]
mod tests {
    use sqlx::postgres::PgConnectOptions;

    use super::*;

    fn is_read_by_sqlx(url: &str) -> bool {
        url.parse::<PgConnectOptions>().is_ok()
    }

    #[test]
    fn known_forms_are_read() {
        for url in [
            "postgres://db.example.com",
            "postgresql://me:s%3Fcret@db.example.com:5433/auth?sslmode=disable",
            "postgres://[::1]/auth?application_name=a&options[search_path]=b",
            "postgres:///auth?host=/run/postgresql",
            "postgres://me@%2Frun%2Fpostgresql/auth",
        ] {
            assert_eq!(check(url), Ok(()), "{url}");
            assert!(is_read_by_sqlx(url), "{url}");
        }
        for name in PARAMETERS {
            let value = match name {
                "hostaddr" => "127.0.0.1",
                "port" | "statement-cache-capacity" => "1",
                "sslmode" | "ssl-mode" => "disable",
                _ => "a",
            };
            let url = format!("postgres://h/d?{name}={value}");
            assert_eq!(check(&url), Ok(()), "{url}");
            assert!(is_read_by_sqlx(&url), "{url}");
        }
    }

    #[test]
    fn other_forms_are_refused() {
        for (url, expected) in [
            ("postgres:u:p@127.0.0.1/db", UrlFault::Form),
            ("postgres:/u:p@127.0.0.1/db", UrlFault::Form),
            ("postgres:///u:p@127.0.0.1/db", UrlFault::Form),
            ("mysql://u:p@127.0.0.1/db", UrlFault::Form),
            ("postgres://u@127.0.0.1/db?passwd=p", UrlFault::Parameter),
            ("postgres://u@127.0.0.1/db?options[a=p", UrlFault::Parameter),
            ("postgres://u:1?p=p@127.0.0.1/db", UrlFault::Parameter),
            ("postgres://u:1#p@127.0.0.1/db", UrlFault::Unencoded),
            ("postgres://u:1/p@127.0.0.1/db", UrlFault::Unencoded),
        ] {
            assert_eq!(check(url), Err(expected), "{url}");
        }
    }
}
