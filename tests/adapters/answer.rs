//! Answers as they arrive, and expected answers.

use std::collections::BTreeMap;

use http::{StatusCode, Version};

/// An answer as it arrived, apart from the value of `Date` and the order of header fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Version, status and, in HTTP/1, reason.
    pub(crate) line: String,
    /// Names and values, sorted; a `date` without its value.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn new(line: String, headers: Vec<(String, String)>, body: &[u8]) -> Self {
        let undated = |(name, value): (String, String)| match &*name.to_ascii_lowercase() {
            "date" => (name, String::new()),
            _ => (name, value),
        };
        let mut headers: Vec<_> = headers.into_iter().map(undated).collect();
        headers.sort();
        Self {
            line,
            headers,
            body: String::from_utf8(body.to_vec()).expect("an answer is text"),
        }
    }

    pub(crate) fn status(&self) -> u16 {
        let status = self.line.split(' ').nth(1).expect("a status");
        status.parse().expect("a status")
    }
}

/// An expected answer.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    status: StatusCode,
    headers: BTreeMap<&'static str, String>,
    body: String,
    detail: Option<String>,
    is_head: bool,
    pub(crate) closes: bool,
}

const EXPOSED: &str = "Retry-After, WWW-Authenticate, X-RateLimit-Limit, X-RateLimit-Remaining, \
                       X-RateLimit-Reset";

impl Expected {
    fn new(status: u16, body: String) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap(),
            headers: BTreeMap::from([("date", String::new())]),
            body,
            detail: None,
            is_head: false,
            closes: false,
        }
        .with("access-control-allow-origin", "*")
        .with("access-control-expose-headers", EXPOSED)
    }

    /// The 201 for the client with this information.
    pub(crate) fn created(information: &str) -> Self {
        Self::new(201, information.to_owned())
            .with("content-type", "application/json")
            .with("cache-control", "no-store")
            .with("pragma", "no-cache")
    }

    /// An error with this code and description.
    pub(crate) fn refused(status: u16, code: &str, description: &str) -> Self {
        let body = format!(r#"{{"error":"{code}","error_description":"{description}""#);
        Self::new(status, body)
            .with("content-type", "application/json")
            .with("cache-control", "no-store")
            .detailed(None)
    }

    /// An answer without a body.
    pub(crate) fn no_content() -> Self {
        Self::new(204, String::new())
    }

    fn detailed(mut self, detail: Option<String>) -> Self {
        self.detail =
            Some(detail.map_or_else(String::new, |it| format!(r#","error_detail":{it}"#)));
        self
    }

    /// With the name of the broken rule.
    pub(crate) fn rule(self, rule: &str) -> Self {
        self.detailed(Some(format!(r#"{{"rule":"{rule}"}}"#)))
    }

    /// With the whole `error_detail`.
    pub(crate) fn detail(self, detail: &str) -> Self {
        self.detailed(Some(detail.to_owned()))
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.to_owned());
        self
    }

    pub(crate) fn without(mut self, name: &'static str) -> Self {
        self.headers.remove(name).expect("a header to leave out");
        self
    }

    /// To a page of an origin that may not read the answer.
    pub(crate) fn unreadable(self) -> Self {
        self.without("access-control-allow-origin")
            .without("access-control-expose-headers")
            .with("vary", "Origin")
    }

    /// With the headers of the default quota, of which this much is left.
    pub(crate) fn left(self, left: u32) -> Self {
        self.with("x-ratelimit-limit", "5")
            .with("x-ratelimit-remaining", &left.to_string())
            .with("x-ratelimit-reset", "1800000001")
    }

    /// Without its body, to a HEAD request.
    pub(crate) fn answering_head(mut self) -> Self {
        self.is_head = true;
        self
    }

    pub(crate) const fn is_head(&self) -> bool {
        self.is_head
    }

    /// Over HTTP/1, the answer ends the connection and says so.
    pub(crate) fn closing(mut self) -> Self {
        self.closes = true;
        self
    }

    /// The answer expected over this version of HTTP.
    pub(crate) fn over(&self, version: Version) -> Answer {
        let mut headers = self.headers.clone();
        let mut body = self.body.clone();
        if let Some(detail) = &self.detail {
            body = format!("{body}{detail}}}");
        }
        if self.status != StatusCode::NO_CONTENT {
            headers.insert("content-length", body.len().to_string());
        }
        // HTTP/1.0 closes by default.
        if self.closes && version == Version::HTTP_11 {
            headers.insert("connection", "close".to_owned());
        }
        if self.is_head {
            body.clear();
        }
        let code = self.status.as_str();
        let line = match version {
            Version::HTTP_2 => format!("HTTP/2 {code}"),
            _ => format!(
                "{version:?} {code} {}",
                self.status.canonical_reason().unwrap()
            ),
        };
        let owned = |(name, value): (&str, String)| (name.to_owned(), value);
        let headers = headers.into_iter().map(owned).collect();
        Answer::new(line, headers, body.as_bytes())
    }
}
