//! The lines that list the items of a description.

use std::{collections::BTreeSet, fs, path::Path};

use public_api::{Builder, PublicItem};
use serde_json::Value;

/// Each public item and implementation of the crate that the file describes, as `public-api` writes it
/// with these changes:
///
/// - The functions and constants of trait implementations are left out: the trait lists them.
/// - Of the auto traits, only a `Send` or `Sync` that a type does not implement is listed.
/// - Pages to read (`guide`) and the compiler's own notes (`StructuralPartialEq`) are left out.
/// - `#[must_use]`, `#[deprecated]`, `#[default]` and `#[doc(hidden)]` are added.
/// - `{ .. }` stands for private fields, and for the body that a trait provides.
///
/// # Panics
///
/// If the file is not a description that `public-api` can read.
#[must_use]
pub fn lines(description: &Path) -> Vec<String> {
    let text = fs::read_to_string(description).expect("a file");
    let facts = Facts(serde_json::from_str(&text).expect("JSON"));
    let listed = Builder::from_rustdoc_json(description)
        .omit_blanket_impls(true)
        .include_function_parameter_names(true)
        .build()
        .expect("a description in the format of this `public-api`");
    let mut seen = BTreeSet::new();
    let lines = listed.items().filter_map(|it| facts.line(it));
    // A type has one line for all of its `impl` blocks that are written alike.
    lines.filter(|line| seen.insert(line.clone())).collect()
}

/// A description, for the facts that `public-api` does not write.
struct Facts(Value);

impl Facts {
    fn line(&self, item: &PublicItem) -> Option<String> {
        let written = item.to_string();
        let described = self.item(item.id().0);
        let parent = item.parent_id().map_or(&Value::Null, |it| self.item(it.0));
        let is_of_type = described["inner"]["assoc_type"].is_object();
        if is_page(&written)
            || is_note_of_the_compiler(described)
            || is_usual_auto_trait(described)
            || parent["inner"]["impl"]["trait"].is_object() && !is_of_type
        {
            return None;
        }
        let attributes = attributes(described);
        let is_provided = parent["inner"]["trait"].is_object() && has_body(described);
        let fields = &described["inner"]["struct"]["kind"]["plain"];
        let has_private_fields = fields["has_stripped_fields"] == true;
        let rest = if is_provided || has_private_fields {
            " { .. }"
        } else {
            ""
        };
        Some(format!("{attributes}{written}{rest}"))
    }

    fn item(&self, id: u32) -> &Value {
        &self.0["index"][id.to_string()]
    }
}

fn is_page(written: &str) -> bool {
    let rest = written.strip_prefix("pub mod oauth_dcr::guide");
    rest.is_some_and(|it| it.is_empty() || it.starts_with("::"))
}

/// Derives make implementations that nobody can write or use on stable Rust.
fn is_note_of_the_compiler(described: &Value) -> bool {
    let path = &described["inner"]["impl"]["trait"]["path"];
    path == "StructuralPartialEq" || path == "TrivialClone"
}

fn is_usual_auto_trait(described: &Value) -> bool {
    let implementation = &described["inner"]["impl"];
    let is_of_threads = ["Send", "Sync"]
        .iter()
        .any(|name| implementation["trait"]["path"] == *name);
    let is_missing = implementation["is_negative"] == true;
    implementation["is_synthetic"] == true && !(is_of_threads && is_missing)
}

fn attributes(described: &Value) -> String {
    let mut found = String::new();
    let attributes = described["attrs"].as_array();
    for attribute in attributes.into_iter().flatten() {
        if attribute["must_use"].is_object() {
            found += "#[must_use] ";
        }
        for text in ["#[default]", "#[doc(hidden)]"] {
            if attribute["other"] == text {
                found = found + text + " ";
            }
        }
    }
    if described["deprecation"].is_object() {
        found += "#[deprecated] ";
    }
    found
}

fn has_body(described: &Value) -> bool {
    let inner = &described["inner"];
    inner["function"]["has_body"] == true || inner["assoc_const"]["value"].is_string()
}
