//! The request in the file that `--explain` reads.

use std::{
    collections::HashMap,
    fmt,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Method, Request, Uri,
    header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING},
};
use oauth_dcr::{PeerAddress, settings::SettingsDocument};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use crate::text_file;

/// The members of the file. `--help` says what they mean.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    method: Option<String>,
    path: Option<String>,
    peer: Option<IpAddr>,
    #[serde(default)]
    headers: Pairs,
    body: Box<RawValue>,
}

/// The members of an object as they are written: names may be duplicates.
#[derive(Default)]
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor;

        impl<'de> Visitor<'de> for PairsVisitor {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(PairsVisitor)
    }
}

/// The lines of each header that the file names. A header with an empty list is not in the request.
type Headers = HashMap<HeaderName, Vec<HeaderValue>>;

pub(crate) struct WrittenRequest {
    file: PathBuf,
    method: Method,
    path: Option<Uri>,
    pub(crate) peer: IpAddr,
    headers: Headers,
    body: Bytes,
}

impl WrittenRequest {
    /// Reads the file, or says what is wrong with it.
    pub(crate) fn read(file: &Path) -> Result<Self, String> {
        let text = text_file::read(file)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let wrong = |fault: String| format!("{}: {fault}", file.display());
        // Serde would take a list for a struct.
        if !text.trim_start().starts_with('{') {
            return Err(wrong("takes a JSON object".to_owned()));
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        let members: Members = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            wrong(match error.path().to_string().as_str() {
                "." => error.inner().to_string(),
                path => format!("{path}: {}", error.inner()),
            })
        })?;
        reader.end().map_err(|error| wrong(error.to_string()))?;
        Self::of(file, members).map_err(wrong)
    }

    fn of(file: &Path, members: Members) -> Result<Self, String> {
        let method = members.method.as_deref().unwrap_or("POST");
        let path = members.path.as_deref().map(|path| {
            let uri = path.parse::<Uri>().ok();
            let uri = uri.filter(|uri| path.starts_with('/') && uri.authority().is_none());
            uri.ok_or("path: takes a path that begins with /, such as /oidc/register")
        });
        // An object is sent as it is written, because the order of members decides which fault is reported first.
        let body = members.body.get();
        let body = match body.as_bytes() {
            [b'{', ..] => body.to_owned(),
            [b'"', ..] => serde_json::from_str(body).map_err(|error| format!("body: {error}"))?,
            _ => {
                let fault = "body: takes a JSON object, or a string that is sent as it is";
                return Err(fault.to_owned());
            }
        };
        Ok(Self {
            file: file.to_owned(),
            method: method
                .parse()
                .map_err(|_| "method: takes a method of HTTP, such as POST")?,
            path: path.transpose()?,
            peer: members.peer.unwrap_or(Ipv4Addr::LOCALHOST.into()),
            headers: headers(members.headers)?,
            body: body.into(),
        })
    }

    /// The host that the request is sent to: the `Host` header or, without this header, the first host of the
    /// first tenant.
    pub(crate) fn host(&self, document: &SettingsDocument) -> Option<String> {
        let Some(lines) = self.headers.get(&HOST) else {
            let mut hosts = document.tenants().iter().flat_map(|it| &it.hosts);
            return Some(hosts.next().map_or("127.0.0.1", String::as_str).to_owned());
        };
        lines.first()?.to_str().ok().map(str::to_owned)
    }

    /// The request to `host`, where the registration endpoint is at `endpoint`.
    pub(crate) fn request(
        self,
        host: Option<&str>,
        endpoint: &str,
    ) -> Result<Request<Bytes>, String> {
        let wrong = |fault: String| format!("{}: {fault}", self.file.display());
        let path = match self.path {
            Some(path) if path.path() != endpoint => {
                return Err(wrong(format!(
                    "path: the registration endpoint of this tenant is {endpoint}"
                )));
            }
            Some(path) => path,
            None => endpoint
                .parse()
                .map_err(|_| wrong("path: is no path".to_owned()))?,
        };
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method;
        *request.uri_mut() = path;
        let mut headers = self.headers;
        let json = HeaderValue::from_static("application/json");
        headers.entry(CONTENT_TYPE).or_insert_with(|| vec![json]);
        if let Some(host) = host.and_then(|host| host.parse().ok()) {
            headers.entry(HOST).or_insert_with(|| vec![host]);
        }
        for (name, lines) in headers {
            for line in lines {
                request.headers_mut().append(name.clone(), line);
            }
        }
        request.extensions_mut().insert(PeerAddress(self.peer));
        Ok(request)
    }
}

/// Each header has one value or a list of values. Each value becomes a header line.
fn headers(members: Pairs) -> Result<Headers, String> {
    let mut headers = Headers::new();
    for (name, value) in members.0 {
        let wrong = |what: &str| format!("headers.{}: {what}", name.escape_debug());
        let header: HeaderName = name
            .parse()
            .map_err(|_| wrong("is not the name of a header"))?;
        if [CONTENT_LENGTH, TRANSFER_ENCODING].contains(&header) {
            return Err(wrong("leave it out: the body decides"));
        }
        let values = match value {
            Value::Array(values) => values,
            value => vec![value],
        };
        let mut lines = Vec::new();
        for value in values {
            let text = value
                .as_str()
                .ok_or_else(|| wrong("takes a string or a list of strings"))?;
            let line = HeaderValue::from_bytes(text.as_bytes());
            lines.push(line.map_err(|_| wrong("holds a character that no header has"))?);
        }
        if headers.insert(header, lines).is_some() {
            return Err(wrong("is named twice: write its lines as one list"));
        }
    }
    Ok(headers)
}
