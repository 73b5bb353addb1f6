//! Reading the corpus.

use std::{collections::BTreeSet, fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Method, Request};
use serde_json::Value;

/// One registration and its expected outcome.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) body: Vec<u8>,
    headers: Vec<(String, String)>,
    method: Method,
    pub(crate) expected: Expected,
    pub(crate) alternative: Option<Expected>,
    pub(crate) decided_by: String,
}

/// The acceptable outcomes.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) statuses: Vec<u16>,
    /// Empty if the code is not asserted.
    pub(crate) errors: Vec<String>,
    pub(crate) grant_types: Option<BTreeSet<String>>,
    pub(crate) response_types: Option<BTreeSet<String>>,
    pub(crate) auth_method: Option<String>,
    /// The returned name, if it differs from the sent name.
    pub(crate) client_name: Option<String>,
    /// The returned scope, if it differs from the sent scope.
    pub(crate) scope: Option<String>,
}

/// The registrations of real clients.
pub(crate) fn interop() -> Vec<Case> {
    lines("interop.jsonl").iter().map(interop_case).collect()
}

/// The attacks on the registration endpoint.
pub(crate) fn attacks() -> Vec<Case> {
    let cases = lines("attacks.jsonl");
    cases
        .iter()
        .filter(|case| case["area"] == "register")
        .map(attack)
        .collect()
}

impl Case {
    pub(crate) fn request(&self) -> Request<Vec<u8>> {
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri("/oidc/register");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(self.body.clone()).unwrap()
    }

    /// Whether only the body decides.
    pub(crate) fn is_plain_json(&self) -> bool {
        let is_json = |(name, value): &(String, String)| {
            name == "content-type" && value.starts_with("application/json")
        };
        self.method == Method::POST && self.headers.iter().any(is_json)
    }

    /// Texts of the client that an error must not repeat.
    pub(crate) fn texts(&self) -> Vec<String> {
        let sent: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let uris = sent["redirect_uris"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let all = uris
            .into_iter()
            .chain([sent["client_name"].clone(), sent["logo_uri"].clone()]);
        let texts = all.filter_map(|value| value.as_str().map(ToOwned::to_owned));
        texts.filter(|text| text.len() > 5).collect()
    }
}

/// The lines of a file of the corpus.
pub(crate) fn lines(file: &str) -> Vec<Value> {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let directory = std::env::var_os("OAUTH_DCR_CORPUS").map_or(own, PathBuf::from);
    let text = fs::read_to_string(directory.join(file)).expect("the corpus exists");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

fn interop_case(case: &Value) -> Case {
    let id = text(&case["id"]);
    let body = match &case["raw_body"] {
        Value::String(raw) => raw.clone().into_bytes(),
        _ => serde_json::to_vec(&case["body"]).unwrap(),
    };
    Case {
        body,
        headers: vec![("content-type".to_owned(), text(&case["content_type"]))],
        method: case["method"].as_str().unwrap_or("POST").parse().unwrap(),
        expected: Expected::read(&case["expect"]),
        alternative: case.get("expect_alt").map(Expected::read),
        decided_by: case["policy_dependent"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        id,
    }
}

fn attack(case: &Value) -> Case {
    let id = text(&case["id"]);
    let input = &case["input"];
    let body = match (&input["raw_body_base64"], &input["generate"]) {
        (Value::String(encoded), _) => STANDARD.decode(encoded).unwrap(),
        (_, Value::Object(_)) => generated(&input["generate"]),
        _ => serde_json::to_vec(&input["body"]).unwrap(),
    };
    let headers = match input["headers"].as_object() {
        Some(headers) => headers
            .iter()
            .map(|(name, value)| (name.clone(), text(value)))
            .collect(),
        None => vec![("content-type".to_owned(), "application/json".to_owned())],
    };
    Case {
        id,
        body,
        headers,
        method: Method::POST,
        expected: Expected::read(&case["expect"]),
        alternative: None,
        decided_by: String::new(),
    }
}

fn generated(recipe: &Value) -> Vec<u8> {
    let times = usize::try_from(recipe["times"].as_u64().unwrap()).unwrap();
    let repeated = text(&recipe["repeat"]).repeat(times);
    format!(
        "{}{repeated}{}",
        text(&recipe["prefix"]),
        text(&recipe["suffix"])
    )
    .into_bytes()
}

impl Expected {
    fn read(expect: &Value) -> Self {
        let status = |value: &Value| u16::try_from(value.as_u64().unwrap()).unwrap();
        let statuses = match expect["status_any"].as_array() {
            Some(any) => any.iter().map(status).collect(),
            None => vec![status(&expect["status"])],
        };
        let errors = strings(&expect["error_any"])
            .or_else(|| expect["error"].as_str().map(|error| vec![error.to_owned()]));
        let own = |name: &str| expect[name].as_str().map(ToOwned::to_owned);
        let set = |name: &str| strings(&expect[name]).map(|list| list.into_iter().collect());
        Self {
            statuses,
            errors: errors.unwrap_or_default(),
            grant_types: set("grant_types"),
            response_types: set("response_types"),
            auth_method: own("token_endpoint_auth_method"),
            client_name: own("client_name"),
            scope: own("scope"),
        }
    }
}

fn strings(list: &Value) -> Option<Vec<String>> {
    Some(list.as_array()?.iter().map(text).collect())
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}
