//! The list of the clients with which a store was filled.

use std::{fs, path::Path};

use oauth_dcr::{Client, ClientId, TenantId};
use serde_json::{Value, json};

/// A client, as the build that registered it described it.
#[derive(Debug)]
pub(crate) struct Made {
    /// What [`Client`] serialises as.
    pub(crate) document: Value,
    /// The valid secrets, the newest first.
    pub(crate) secrets: Vec<String>,
}

impl Made {
    pub(crate) fn new(client: &Client, secrets: Vec<String>) -> Self {
        let document = serde_json::to_value(client).unwrap();
        Self { document, secrets }
    }

    pub(crate) fn tenant(&self) -> TenantId {
        TenantId::parse(self.document["tenant"].as_str().unwrap()).unwrap()
    }

    pub(crate) fn id(&self) -> ClientId {
        ClientId::parse(self.document["client_id"].as_str().unwrap()).unwrap()
    }

    pub(crate) fn is_blocked(&self) -> bool {
        self.document["blocked"] == true
    }

    pub(crate) fn secret(&self) -> Option<&str> {
        self.secrets.first().map(String::as_str)
    }
}

/// Writes the list, one client a line.
pub(crate) fn save(all: &[Made], folder: &Path) {
    let line = |it: &Made| json!({ "document": it.document, "secrets": it.secrets }).to_string();
    let lines: Vec<String> = all.iter().map(line).collect();
    fs::write(path(folder), lines.join("\n")).unwrap();
}

pub(crate) fn load(folder: &Path) -> Vec<Made> {
    let text = fs::read_to_string(path(folder)).unwrap();
    let made = |line: &str| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        Made {
            document: line["document"].take(),
            secrets: serde_json::from_value(line["secrets"].take()).unwrap(),
        }
    };
    text.lines().map(made).collect()
}

fn path(folder: &Path) -> std::path::PathBuf {
    folder.join("clients.jsonl")
}
