//! A request that somebody has written down for `--explain`.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Uri,
    header::{CONTENT_TYPE, HOST},
};
use oauth_dcr::{PeerAddress, SettingsDocument};
use serde::Deserialize;
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
    headers: BTreeMap<String, Value>,
    body: Box<RawValue>,
}

pub(crate) struct WrittenRequest {
    file: PathBuf,
    method: Method,
    path: Option<Uri>,
    peer: IpAddr,
    headers: HeaderMap,
    body: Bytes,
}

impl WrittenRequest {
    /// Reads the file, or says what is wrong with it.
    pub(crate) fn read(file: &Path) -> Result<Self, String> {
        let text = text_file::read(file)?;
        let wrong = |fault: String| format!("{}: {fault}", file.display());
        let mut reader = serde_json::Deserializer::from_str(&text);
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
        // As it is written: which fault comes first is a matter of the order of members.
        let body = members.body.get();
        let body = match serde_json::from_str(body) {
            Ok(Value::String(text)) => text,
            Ok(Value::Object(_)) => body.to_owned(),
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

    /// The host that the request is sent to: that of its headers or, if they name none, the first of the
    /// first tenant.
    pub(crate) fn host(&self, document: &SettingsDocument) -> Option<String> {
        let Some(host) = self.headers.get(HOST) else {
            let mut hosts = document.tenants().iter().flat_map(|it| &it.hosts);
            return Some(hosts.next().map_or("127.0.0.1", String::as_str).to_owned());
        };
        host.to_str().ok().map(str::to_owned)
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
        *request.headers_mut() = self.headers;
        let headers = request.headers_mut();
        let json = HeaderValue::from_static("application/json");
        headers.entry(CONTENT_TYPE).or_insert(json);
        if let Some(host) = host.and_then(|host| host.parse().ok()) {
            headers.entry(HOST).or_insert(host);
        }
        request.extensions_mut().insert(PeerAddress(self.peer));
        Ok(request)
    }
}

/// Each header has one value, or a list of them, a line each.
fn headers(members: BTreeMap<String, Value>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in members {
        let wrong = |what: &str| format!("headers.{}: {what}", name.escape_debug());
        let header: HeaderName = name
            .parse()
            .map_err(|_| wrong("is not the name of a header"))?;
        let values = match value {
            Value::Array(values) => values,
            value => vec![value],
        };
        for value in values {
            let text = value
                .as_str()
                .ok_or_else(|| wrong("takes a string or a list of strings"))?;
            let line = HeaderValue::from_bytes(text.as_bytes());
            let line = line.map_err(|_| wrong("holds a character that no header has"))?;
            headers.append(header.clone(), line);
        }
    }
    Ok(headers)
}
