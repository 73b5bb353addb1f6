//! Every authorization, token and PKCE attack of the corpus over HTTP.
//!
//! `OAUTH_DCR_CORPUS` names another directory with a file of the same form.

mod authorize;
mod setup;
mod token;

use std::{collections::BTreeSet, fs, path::PathBuf};

use serde_json::Value;

/// A case and its named parts.
pub(crate) struct Case(Value);

impl Case {
    fn id(&self) -> &str {
        self.0["id"].as_str().unwrap()
    }

    fn setup(&self) -> &Value {
        &self.0["input"]["setup"]
    }

    fn request(&self) -> &Value {
        &self.0["input"]["request"]
    }

    fn expect(&self) -> &Value {
        &self.0["expect"]
    }

    /// Whether the request of the case has this parameter.
    fn names(&self, name: &str) -> bool {
        self.request().to_string().contains(name)
    }

    fn is_accepted(&self) -> bool {
        self.expect()["outcome"] == "accept"
    }

    fn is_right_error(&self, error: &str) -> bool {
        let any = self.expect()["error_any"].as_array();
        self.expect()["error"] == error || any.is_some_and(|any| any.iter().any(|it| it == error))
    }

    fn is_right_status(&self, status: u16) -> bool {
        let any = self.expect()["status_any"].as_array();
        self.expect()["status"] == status
            || any.is_some_and(|any| any.iter().any(|it| *it == status))
    }
}

/// The cases of `areas` whose request goes to `path`.
fn cases(areas: &[&str], path: &str) -> Vec<Case> {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let directory = std::env::var_os("OAUTH_DCR_CORPUS").map_or(corpus, PathBuf::from);
    let text = fs::read_to_string(directory.join("attacks.jsonl")).expect("the corpus is there");
    let all = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let cases: Vec<_> = all
        .map(Case)
        .filter(|case| areas.contains(&case.0["area"].as_str().unwrap()))
        .filter(|case| case.request()["path"] == path)
        .collect();
    let ids: BTreeSet<_> = cases.iter().map(Case::id).collect();
    assert_eq!(ids.len(), cases.len(), "duplicate id");
    cases
}

#[test]
fn the_corpus_is_complete() {
    let authorize = cases(&["authorize", "pkce"], "/authorize").len();
    let token = cases(&["token", "pkce"], "/oauth/token").len();
    assert!(authorize + token >= 40 + 26 + 21, "{authorize} and {token}");
}
