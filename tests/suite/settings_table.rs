//! The tables of the settings page, compared with the reader: serde's error for an unknown field
//! lists the fields of an object, and writing out a default changes nothing.

use std::collections::BTreeSet;

use oauth_dcr::TenantSettings;
use serde_json::{Value, json};

const PAGE: &str = include_str!("../../src/guide/settings.md");

/// A field and its default according to the table.
struct Row {
    path: String,
    default: Default,
}

enum Default {
    /// An object with its own table or rows.
    SeeBelow,
    /// The field is required.
    Required,
    /// Either this field or another is required, but not both.
    Either,
    Json(Value),
}

fn rows() -> Vec<Row> {
    let rows: Vec<Row> = PAGE
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split(" | ").collect::<Vec<_>>())
        .filter(|cells| cells.len() == 3)
        .map(|cells| Row {
            path: code(cells[0]).expect("a field").to_owned(),
            default: match cells[1].trim() {
                "see below" => Default::SeeBelow,
                "required" => Default::Required,
                "either" => Default::Either,
                text => Default::Json(json_of(text)),
            },
        })
        .collect();
    assert!(rows.len() > 50, "only {} rows were found", rows.len());
    rows
}

/// The text between the first two backticks.
fn code(text: &str) -> Option<&str> {
    text.split('`').nth(1)
}

fn json_of(cell: &str) -> Value {
    let text = code(cell).unwrap_or_else(|| panic!("`{cell}` is not a default"));
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The smallest valid tenant, and the smallest valid entry of each list.
fn least(list: &str) -> Value {
    match list {
        "" => json!({ "id": "a" }),
        "apis" => json!({ "identifier": "a" }),
        "client_grants" => {
            json!({ "default_for": "third_party_clients", "audience": "a", "scope": [] })
        }
        "connections" => json!({ "name": "a" }),
        other => panic!("no smallest entry for `{other}`?"),
    }
}

/// The smallest settings with an object at `path`, and that object.
fn with_object(path: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut tenant = least("");
    if path.starts_with("client_grants") {
        tenant["apis"] = json!([least("apis")]);
    }
    let mut object = &mut tenant;
    for segment in path.split('.').filter(|segment| !segment.is_empty()) {
        object = if let Some(list) = segment.strip_suffix("[]") {
            object[list] = json!([least(list)]);
            &mut object[list][0]
        } else {
            object[segment] = json!({});
            &mut object[segment]
        };
    }
    change(object);
    tenant
}

fn read(tenant: &Value) -> Result<TenantSettings, String> {
    serde_json::from_value(tenant.clone()).map_err(|error| error.to_string())
}

/// The path of the object, and the name of the field in the object.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

/// The names of the fields of the object at `path`, as the settings reader lists them.
fn fields_of(path: &str) -> BTreeSet<String> {
    let odd = with_object(path, |object| object["odd"] = Value::Null);
    let error = read(&odd).unwrap_err();
    let (_, expected) = error
        .split_once("unknown field `odd`, expected ")
        .unwrap_or_else(|| panic!("{path}: {error}"));
    let names = expected.split('`').skip(1).step_by(2);
    let prefix = if path.is_empty() {
        String::new()
    } else {
        format!("{path}.")
    };
    names.map(|name| format!("{prefix}{name}")).collect()
}

#[test]
fn every_field_is_in_the_tables() {
    let rows = rows();
    let objects = rows
        .iter()
        .filter(|row| matches!(row.default, Default::SeeBelow))
        .map(|row| row.path.as_str());
    let entries = ["apis[]", "client_grants[]", "connections[]"];
    let fields: BTreeSet<String> = objects
        .chain(entries)
        .chain([""])
        .flat_map(fields_of)
        .collect();
    let listed: BTreeSet<String> = rows.iter().map(|row| row.path.clone()).collect();
    assert_eq!(listed.len(), rows.len(), "a field is listed twice");
    assert_eq!(listed, fields);
}

#[test]
fn every_default_matches_the_tables() {
    for row in rows() {
        let Default::Json(default) = row.default else {
            continue;
        };
        assert!(!default.is_object(), "{}: its fields need rows", row.path);
        let (object, field) = split(&row.path);
        let without = with_object(object, |_| {});
        let with = with_object(object, |it| it[field] = default);
        assert_eq!(read(&with), read(&without), "{}", row.path);
        assert!(read(&with).is_ok(), "{}", row.path);
        let other = with_object(object, |it| it[field] = json!({ "odd": [[]] }));
        assert_ne!(read(&other), read(&without), "{}", row.path);
    }
}

#[test]
fn required_settings_are_required() {
    let mut found = 0;
    for row in rows() {
        let (object, field) = split(&row.path);
        let without = || {
            with_object(object, |it| {
                it.as_object_mut().unwrap().remove(field);
            })
        };
        match row.default {
            Default::Required => {
                let error = read(&without()).unwrap_err();
                assert!(
                    error.contains(&format!("missing field `{field}`")),
                    "{error}"
                );
            }
            Default::Either => {
                let settings = if without() == with_object(object, |_| {}) {
                    with_object(object, |it| it[field] = "a".into())
                } else {
                    without()
                };
                let error = read(&settings).unwrap_err();
                assert!(error.contains("either"), "{}: {error}", row.path);
            }
            Default::SeeBelow | Default::Json(_) => continue,
        }
        found += 1;
    }
    assert_eq!(found, 7, "the number of required fields differs");
}
