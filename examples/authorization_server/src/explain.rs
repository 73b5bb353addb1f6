//! `--explain`: how settings judge a registration request, rule by rule.

use std::{fmt::Write as _, net::IpAddr, path::Path};

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Request, Response, StatusCode,
    header::{FORWARDED, LOCATION, RETRY_AFTER},
    request::Parts,
};
use http_body_util::{BodyExt as _, Full};
use oauth_dcr::{
    MemoryStore, Registrar, RegistrationRequest, TenantSettings, Tenants,
    acl::{ClientAddress, Endpoint, Explanation, Reading, Signals},
    settings::SettingsDocument,
    tenants::{TenantDirectory as _, TenantSelector},
    tower::RegistrationService,
};
use serde_json::Value;

use crate::{explain_request::WrittenRequest, locations::Locations, report};

/// Placeholders for random values.
const CLIENT_ID: &str = "<client_id>";
const CLIENT_SECRET: &str = "<client_secret>";

/// The most characters of a signal that are printed: the client chooses its user agent.
const MOST_CHARACTERS: usize = 200;

/// Prints how `document` judges the request in `file`. Returns whether the request would be accepted.
///
/// # Errors
/// What is wrong with the file.
pub(crate) async fn run(
    document: SettingsDocument,
    locations: Locations,
    file: &Path,
) -> Result<bool, String> {
    let written = WrittenRequest::read(file)?;
    let tenants = Tenants::new(document.clone());
    let host = written.host(&document);
    let peer = written.peer;
    let found = tenants.find(TenantSelector::Host(host.as_deref())).await;
    let tenant = found.map_err(|error| report::chain(&error))?;
    let path = tenant.as_ref().map(|it| it.registration.path.as_str());
    let request = written.request(host.as_deref(), path.unwrap_or("/oidc/register"))?;
    let registrar = Registrar::builder(MemoryStore::new())
        .tenants(tenants)
        .geo(locations)
        .build()
        .map_err(|error| report::chain(&error))?;
    let (head, body) = request.into_parts();
    let mut text = match &tenant {
        Some(tenant) => judgement(&registrar, tenant, peer, &head, &body),
        None => "tenant: none, no tenant has this host\n".to_owned(),
    };
    let request = Request::from_parts(head, Full::new(body));
    let answer = RegistrationService::new(registrar).answer(request).await;
    let is_accepted = answer.status() == StatusCode::CREATED;
    text += &answered(answer).await;
    report::print(&text).map_err(|error| error.to_string())?;
    Ok(is_accepted)
}

fn judgement(
    registrar: &Registrar,
    tenant: &TenantSettings,
    peer: IpAddr,
    head: &Parts,
    body: &Bytes,
) -> String {
    let registration = &tenant.registration;
    let state = if registration.enabled { "on" } else { "off" };
    let mode = registration.security_mode.as_str();
    let signals = Signals::of_head(head, tenant);
    let rules = registrar.explain(tenant, Endpoint::Registration, signals);
    let metadata = match RegistrationRequest::explain_json(body, registration) {
        Ok(explanation) => format!("metadata:\n{explanation}"),
        Err(error) => format!("body: refused: {}: {error}\n", error.rule()),
    };
    format!(
        "tenant: {}\nregistration: {state}, {mode}\nclient: {}\n\n{}\naccess rules: {}\n{}\n{metadata}\n",
        tenant.id,
        client(tenant, head, peer),
        listed_signals(&rules),
        if rules.rules.is_empty() {
            "none\n".to_owned()
        } else {
            rules.to_string()
        },
        rate_limits(tenant),
    )
}

/// The client's address, and how it was found.
fn client(tenant: &TenantSettings, head: &Parts, peer: IpAddr) -> String {
    let peer = peer.to_canonical();
    let is_trusted = tenant.trusted_proxies.contains(peer);
    let (client, headers) = forwarded_client(tenant, head, peer);
    match (client, tenant.trusted_hops) {
        (ClientAddress::Unknown(reason), _) => {
            format!("unknown, because {reason}; {}", reason.advice())
        }
        (ClientAddress::NotForwarded, _) if is_trusted => {
            format!("{peer}, the peer itself, a trusted proxy that names no client")
        }
        (ClientAddress::NotForwarded, _) => format!(
            "{peer}, the peer itself, which is no trusted proxy: headers about the client are ignored"
        ),
        (ClientAddress::Known(address), Some(hops)) => format!(
            "{address}, from {headers}, the value {hops} from the right (trusted_hops: {hops})"
        ),
        (ClientAddress::Known(address), None) => {
            let value = if tenant.trusted_proxies.contains(address) {
                "the leftmost value, because all are trusted proxies"
            } else {
                "the first value from the right that is no trusted proxy"
            };
            format!("{address}, from {headers}, through the trusted proxy {peer}: {value}")
        }
    }
}

/// What the trusted proxies say of the client, and the headers in which they do.
fn forwarded_client(
    tenant: &TenantSettings,
    head: &Parts,
    peer: IpAddr,
) -> (ClientAddress, &'static str) {
    let trust = tenant.proxy_trust();
    let x_forwarded_for = HeaderName::from_static("x-forwarded-for");
    let lines = |name: &HeaderName| -> Vec<&[u8]> {
        let lines = head.headers.get_all(name).iter();
        lines.map(HeaderValue::as_bytes).collect()
    };
    let (older, newer) = (lines(&x_forwarded_for), lines(&FORWARDED));
    let client = trust.client_address(Some(peer), older.iter().copied(), newer.iter().copied());
    let by_older = trust.client_address(Some(peer), older.iter().copied(), []);
    let by_newer = trust.client_address(Some(peer), [], newer.iter().copied());
    let headers = match (by_older == client, by_newer == client) {
        (true, true) => "Forwarded and X-Forwarded-For",
        (false, true) => "Forwarded",
        (_, false) => "X-Forwarded-For",
    };
    (client, headers)
}

fn listed_signals(explanation: &Explanation) -> String {
    let mut text = "signals:\n".to_owned();
    for (signal, reading) in &explanation.signals {
        let reading = match reading {
            Reading::Known(value) => printable(value),
            Reading::Absent => "absent".to_owned(),
            Reading::Unknown(reason) => format!("unknown, because {reason}"),
        };
        let _ = writeln!(text, "  {}: {reading}", signal.as_str());
    }
    text
}

/// The beginning of a text, without characters that a terminal would obey.
fn printable(text: &str) -> String {
    let characters = text.chars().take(MOST_CHARACTERS);
    characters.flat_map(char::escape_debug).collect()
}

fn rate_limits(tenant: &TenantSettings) -> String {
    let registration = &tenant.registration;
    let mut text = String::new();
    for (name, quota) in [
        ("rate limit", registration.rate_limit),
        (
            "rate limit for each source",
            registration.rate_limit_per_source,
        ),
    ] {
        let quota = quota.map(|quota| serde_json::to_string(&quota).unwrap_or_default());
        let quota = quota.map(|quota| format!("{quota}, assumed to be unused"));
        let _ = writeln!(text, "{name}: {}", quota.as_deref().unwrap_or("none"));
    }
    text
}

/// The answer as the server would send it, apart from ids and secrets.
async fn answered(answer: Response<Full<Bytes>>) -> String {
    let (head, body) = answer.into_parts();
    let mut text = format!("answer: {}\n", head.status);
    for name in [LOCATION, RETRY_AFTER] {
        if let Some(value) = head.headers.get(&name) {
            let _ = writeln!(text, "{name}: {}", value.to_str().unwrap_or_default());
        }
    }
    let Ok(body) = body.collect().await;
    let mut body = String::from_utf8_lossy(&body.to_bytes()).into_owned();
    let members: Value = serde_json::from_str(&body).unwrap_or_default();
    for (member, placeholder) in [("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)] {
        if let Some(drawn) = members[member].as_str() {
            body = body.replace(drawn, placeholder);
        }
    }
    text + &body + "\n"
}
