//! Reasons why the server does not start, and its messages.

use std::{fs, net::TcpListener};

use private_servers::PrivatePostgres;
use serde_json::json;

use crate::{
    command::{Ended, File, run},
    example_server::ExampleServer,
    temporary::TemporaryDir,
};

/// Starts a server that can not start, with these options and a free address.
fn refused(options: &[&str]) -> Ended {
    let mut arguments = [&["--listen", "127.0.0.1:0"], options].concat();
    if !options.contains(&"--store") {
        arguments.extend(["--store", "memory"]);
    }
    let ended = run(&arguments);
    assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{ended:?}");
    ended
}

/// Panics unless the server prints one line that contains each of `texts`, ends with the last of
/// them, and repeats nothing.
fn assert_says(ended: &Ended, texts: &[&str]) {
    let line = ended.stderr.trim_end();
    assert!(
        line.starts_with("error: ") && !line.contains('\n'),
        "{line}"
    );
    for text in texts {
        assert_eq!(line.matches(text).count(), 1, "{text} is in {line}");
    }
    let parts: Vec<_> = line.split(": ").collect();
    for (at, part) in parts.iter().enumerate() {
        assert!(!parts[..at].contains(part), "{part} is twice in {line}");
    }
}

fn settings(file: &File) -> Ended {
    refused(&["--settings", &file.text()])
}

#[test]
fn an_address_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = run(&["--store", "memory", "--listen", &address]);
    assert_eq!(ended.code, Some(1));
    assert_says(&ended, &["--listen", &address, "Address already in use"]);
}

#[test]
fn an_address_of_another_machine_is_named() {
    let ended = run(&["--store", "memory", "--listen", "192.0.2.1:1"]);
    assert_eq!(ended.code, Some(1));
    assert_says(&ended, &["--listen", "192.0.2.1:1", "Cannot assign"]);
}

#[test]
fn a_missing_settings_file_is_named() {
    let ended = refused(&["--settings", "/missing/settings.json"]);
    assert_says(
        &ended,
        &["/missing/settings.json", "No such file or directory"],
    );
}

#[test]
fn a_folder_is_no_settings_file() {
    let folder = TemporaryDir::new();
    let path = folder.path().to_str().unwrap();
    assert_says(&refused(&["--settings", path]), &[path, "Is a directory"]);
}

#[test]
fn other_encodings_of_settings_are_refused() {
    let utf_16: Vec<u8> = "\u{feff}{}"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let file = File::write("settings.json", utf_16);
    assert_says(
        &settings(&file),
        &[&file.text(), "is UTF-16", "save it as UTF-8"],
    );

    let file = File::write("settings.json", b"{\n\"tenants\": [\"caf\xe9\"]}");
    assert_says(
        &settings(&file),
        &[&file.text(), "line 2 is not UTF-8", "save it as UTF-8"],
    );
}

#[test]
fn json_errors_of_settings_have_a_position() {
    let file = File::write("settings.json", "{\n  \"tenants\": [,]\n}");
    assert_says(&settings(&file), &[&file.text(), "line 2 column 15"]);
}

#[test]
fn a_settings_error_has_path_and_position() {
    let file = File::write(
        "settings.json",
        "{\n  \"tenants\": [{ \"id\": \"a\", \"registration\": { \"enabeld\": true } }]\n}",
    );
    let texts = [
        &*file.text(),
        "tenants[0].registration.enabeld: ",
        "unknown field `enabeld`",
        "line 2 column",
    ];
    assert_says(&settings(&file), &texts);
}

#[test]
fn an_issuer_with_a_path_is_refused() {
    let document = json!({ "tenants": [{ "id": "a", "issuer": "https://a.example/tenant" }] });
    let file = File::write("settings.json", document.to_string());
    assert_says(
        &settings(&file),
        &[&file.text(), "tenants[0].issuer", "has a path"],
    );
}

#[test]
fn a_rule_without_a_source_is_refused() {
    let document = json!({ "tenants": [{ "id": "a", "acl": [{ "priority": 1, "rule": {
        "action": { "block": true }, "scope": "dcr", "match": { "geo_country_codes": ["SE"] },
    } }] }] });
    let file = File::write("settings.json", document.to_string());
    assert_says(
        &settings(&file),
        &["acl[0].rule.match.geo_country_codes", "nothing provides"],
    );
}

#[test]
fn an_unreadable_location_database_is_named() {
    let missing = refused(&["--geoip", "/missing/country.mmdb"]);
    assert_says(
        &missing,
        &["/missing/country.mmdb", "No such file or directory"],
    );
    let file = File::write("country.mmdb", "no database");
    let broken = refused(&["--geoip", &file.text()]);
    assert_says(&broken, &[&file.text(), "is not a valid MaxMind DB"]);
}

#[test]
fn a_sqlite_file_without_its_folder_is_named() {
    let ended = refused(&["--store", "sqlite:/missing/clients.sqlite3"]);
    assert_says(
        &ended,
        &[
            "--store: ",
            "/missing/clients.sqlite3",
            "the folder of the file does not exist",
        ],
    );
}

#[test]
fn a_non_database_file_is_named() {
    let file = File::write("clients.sqlite3", "no database".repeat(100));
    let ended = refused(&["--store", &format!("sqlite:{}", file.text())]);
    assert_says(
        &ended,
        &["--store: ", &file.text(), "file is not a database"],
    );
}

#[test]
fn a_folder_is_no_sqlite_file() {
    let folder = TemporaryDir::new();
    let path = folder.path().to_str().unwrap();
    let ended = refused(&["--store", &format!("sqlite:{path}")]);
    assert_says(&ended, &["--store: ", path, "unable to open database file"]);
}

#[test]
fn a_server_starts_on_a_newer_database() {
    let folder = TemporaryDir::new();
    let path = folder.path().join("clients.sqlite3");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        drop(oauth_dcr::sqlite::SqliteStore::open(&path).await.unwrap());
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
        let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
        let newer = "INSERT INTO oauth_dcr_migrations \
             (version, description, success, checksum, execution_time) VALUES (99, 'x', 1, x'00', 0)";
        sqlx::query(newer).execute(&pool).await.unwrap();
        pool.close().await;
    });
    let store = format!("sqlite:{}", path.display());
    let mut server = ExampleServer::start_with(None, &["--store", &store]);
    assert!(server.terminate().is_some());
}

#[cfg(unix)]
#[test]
fn a_read_only_database_is_named() {
    // The superuser may write anywhere, so the file is read-only for everyone.
    let file = "/proc/version";
    let ended = refused(&["--store", &format!("sqlite:{file}")]);
    assert_says(&ended, &["--store: ", file]);
    assert!(fs::metadata(file).is_ok());
}

#[test]
fn an_unavailable_database_server_is_named() {
    let port = unused_port();
    let store = format!("postgres://me:s3cret@127.0.0.1:{port}/auth");
    let ended = refused(&["--store", &store]);
    assert_says(
        &ended,
        &[
            "--store: ",
            &format!("127.0.0.1:{port} failed"),
            "Connection refused",
        ],
    );
    assert!(!ended.stderr.contains("s3cret"), "{ended:?}");
}

#[test]
fn a_refusing_database_server_is_named() {
    let postgres = PrivatePostgres::start();
    let url: url::Url = postgres.url().parse().unwrap();
    let mut missing = url.clone();
    missing.set_path("/missing");
    let ended = refused(&["--store", missing.as_str()]);
    assert_says(
        &ended,
        &[
            "--store: the back end `postgres` at ",
            "database \"missing\" does not exist",
        ],
    );

    let mut wrong = url;
    wrong.set_username("nobody").unwrap();
    wrong.set_password(Some("s3cret")).unwrap();
    let ended = refused(&["--store", wrong.as_str()]);
    assert_says(&ended, &["--store: the back end `postgres` at "]);
    assert!(!ended.stderr.contains("s3cret"), "{ended:?}");
}

#[test]
fn an_invalid_url_is_not_repeated() {
    for store in [
        "postgres://me:s3cret",
        "postgres://me:s3cret@host:port/auth",
    ] {
        let ended = refused(&["--store", store]);
        assert_says(&ended, &["--store: the back end `postgres` failed"]);
        assert!(!ended.stderr.contains("s3cret"), "{ended:?}");
    }
    let ended = refused(&["--limiter", "redis://:s3cret@host:port/"]);
    assert_says(&ended, &["--limiter: the back end `redis` failed"]);
    assert!(!ended.stderr.contains("s3cret"), "{ended:?}");
}

#[test]
fn a_password_in_the_wrong_place_is_not_printed() {
    for url in [
        "postgres://u@127.0.0.1:1/db?passwd=S3CRETPW",
        "postgres://u:1?S3=CRETPW@127.0.0.1:1/db",
        "postgres://u:1?S3CRETPW@127.0.0.1:1/db",
        "postgres://u:1#S3CRETPW@127.0.0.1:1/db",
        "postgres://u:1/S3CRETPW@127.0.0.1:1/db",
        "postgres:u:S3CRETPW@127.0.0.1:1/db",
        "postgres:/u:S3CRETPW@127.0.0.1:1/db",
        "postgres:///u:S3CRETPW@127.0.0.1:1/db",
    ] {
        let ended = refused(&["--store", url]);
        assert_says(
            &ended,
            &["--store: the back end `postgres` failed: the URL"],
        );
        assert!(!ended.stderr.contains("CRETPW"), "{url}: {ended:?}");
    }
}

/// A port on which no program listens at this moment.
fn unused_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
