//! Data in `tests/golden`, which earlier builds wrote, keeps its meaning.
//!
//! Hosts have data like this. So never edit, rename or remove a file there: a failing test shows
//! that hosts would lose data. A new format gets new files and new entries in the tables here. To
//! make them, name a new folder in `OAUTH_DCR_STORED_DATA`, run `cargo test --all-features --test
//! stored_data -- --ignored write`, and take the new documents from the folder. `sqlite3
//! clients.sqlite3 .dump` writes a whole database as SQL.

mod clients;
mod database;
mod documents;
mod others;

use std::{
    fmt::Debug,
    fs,
    path::{Path, PathBuf},
};

use oauth_dcr::{Client, TenantSettings};
use serde::{Serialize, de::DeserializeOwned};

use crate::shapes;

/// The names of the documents of one kind, and the meaning of each.
type Table<T> = [(&'static str, fn(&T))];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The names in a folder, sorted.
fn names_in(folder: &Path) -> Vec<String> {
    let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| name(entry.unwrap())).collect();
    names.sort();
    names
}

fn text(kind: &str, name: &str) -> String {
    let path = folder().join(kind).join(format!("{name}.json"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reads a document, and checks that writing it again changes nothing.
fn read<T: Serialize + DeserializeOwned + PartialEq + Debug>(kind: &str, name: &str) -> T {
    let parse = |text: &str| -> T {
        let read = serde_json::from_str(text);
        read.unwrap_or_else(|error| panic!("{kind}/{name}: {error}"))
    };
    let document = parse(&text(kind, name));
    let again = serde_json::to_string(&document).unwrap();
    assert_eq!(parse(&again), document, "{kind}/{name}");
    document
}

/// Checks the meaning of each document of this kind. The table has to cover all documents.
fn check_all<T: Serialize + DeserializeOwned + PartialEq + Debug>(kind: &str, table: &Table<T>) {
    let mut covered: Vec<String> = table
        .iter()
        .map(|(name, _)| format!("{name}.json"))
        .collect();
    covered.sort();
    assert_eq!(names_in(&folder().join(kind)), covered, "{kind}");
    for (name, check) in table {
        check(&read(kind, name));
    }
}

fn client(name: &str) -> Client {
    read("clients", name)
}

/// The settings of the client's tenant.
fn settings_of(client: &Client) -> TenantSettings {
    let settings = shapes::settings().into_tenants();
    let own = settings.into_iter().find(|it| it.id == *client.tenant());
    own.unwrap()
}

#[test]
fn each_kind_of_golden_data_has_a_test() {
    let covered = [
        "audit_1.jsonl",
        "clients",
        "code_bindings",
        "decisions",
        "device_bindings",
        "postgres_1.sql",
        "refresh_bindings",
        "refresh_families",
        "settings",
        "sqlite_1.sql",
    ];
    assert_eq!(names_in(&folder()), covered);
}
