//! Blocks of code.

use oauth_dcr::{acl::Acl, events::AuditEvent, settings::SettingsDocument};
use serde_json::{Value, json};

use super::{Page, pages, source};
use crate::package::{members, targets};

struct Block<'a> {
    page: &'a Page,
    /// The language after the opening fence.
    language: &'a str,
    text: String,
}

fn blocks(page: &Page) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut lines = page.text.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```") else {
            continue;
        };
        let inside = lines.by_ref().take_while(|it| it.trim_start() != "```");
        found.push(Block {
            page,
            language,
            text: inside.collect::<Vec<_>>().join("\n"),
        });
    }
    found
}

/// Calls `check` for each block in `language`; at least one must exist.
fn each(language: &str, check: impl Fn(&Block<'_>)) {
    let pages = pages();
    let all = pages.iter().flat_map(blocks);
    let of_language: Vec<_> = all.filter(|it| it.language == language).collect();
    assert!(!of_language.is_empty(), "no page shows {language}");
    of_language.iter().for_each(check);
}

#[test]
fn every_block_has_a_known_language() {
    for page in pages() {
        for block in blocks(&page) {
            let is_known = match block.language {
                // rustdoc compiles these blocks; it treats a block without a language as Rust.
                "" | "rust" | "rust,no_run" => page.is_compiled(),
                // These are checked below, or need no check.
                "json" | "sh" | "mermaid" | "sql" | "text" | "toml" => true,
                _ => false,
            };
            assert!(is_known, "{}: a block of `{}`", page.path, block.language);
        }
    }
}

/// The block is a settings document, an access control list, a line of an audit trail, or some
/// members of a tenant's `registration`.
#[test]
fn shown_json_is_accepted_by_its_reader() {
    each("json", |block| {
        let shown: Value = serde_json::from_str(&block.text).unwrap();
        let failed = if shown.get("tenants").is_some() {
            let parsed = SettingsDocument::from_json(&block.text);
            parsed.err().map(|error| error.to_string())
        } else if shown.get("event").is_some() {
            let parsed = serde_json::from_value::<AuditEvent>(shown);
            parsed.err().map(|error| error.to_string())
        } else if shown.is_array() {
            let parsed = Acl::from_json(&block.text);
            parsed.err().map(|error| error.to_string())
        } else {
            let whole = json!({ "tenants": [{ "id": "acme", "registration": shown }] });
            let parsed = SettingsDocument::from_json(&whole.to_string());
            parsed.err().map(|error| error.to_string())
        };
        assert_eq!(failed, None, "{}: {}", block.page.path, block.text);
    });
}

#[test]
fn shown_commands_name_existing_targets() {
    let targets = targets();
    let has = |kind: &str, name: &str| {
        let is_it = |it: &Value| it["kind"][0] == kind && it["name"] == name;
        targets.iter().any(is_it)
    };
    each("sh", |block| {
        let text = block.text.replace("\\\n", " ");
        for line in text.lines() {
            let command = line.split(" #").next().unwrap();
            let words: Vec<_> = command.split_whitespace().collect();
            let place = format!("{}: {command}", block.page.path);
            for pair in words.windows(2) {
                match *pair {
                    ["-p", name] => assert!(members().contains(name), "{place}"),
                    ["--example", name] => assert!(has("example", name), "{place}"),
                    ["--bench", name] => assert!(has("bench", name), "{place}"),
                    ["bash", script] => assert!(!source(script).is_empty(), "{place}"),
                    _ => {}
                }
            }
            // In `cargo test`, these arguments are for the test harness.
            let is_run = words.contains(&"run");
            let mut own = words.into_iter().skip_while(|it| *it != "--").skip(1);
            assert!(!is_run || own.all(is_option_or_value), "{place}");
        }
    });
}

/// The options that pages mention in a sentence are options of the demonstration server, too.
#[test]
fn named_options_exist() {
    let pages = pages();
    let inside_ticks = |page: &Page| -> Vec<String> {
        let odd = page.text.split('`').skip(1).step_by(2);
        odd.map(str::to_owned).collect()
    };
    let named: Vec<_> = pages.iter().flat_map(inside_ticks).collect();
    let options: Vec<_> = named.iter().filter(|it| it.starts_with("--")).collect();
    assert!(options.iter().any(|it| it.starts_with("--settings")));
    for option in options {
        let name = option.split_whitespace().next().unwrap();
        assert!(is_option_or_value(name), "{option}");
    }
}

fn is_option_or_value(word: &str) -> bool {
    let known = source("examples/authorization_server/src/option_list.rs");
    word.strip_prefix("--")
        .is_none_or(|name| known.contains(&format!("name: \"{name}\",")))
}
