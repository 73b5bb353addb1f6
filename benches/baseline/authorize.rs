//! Checking an authorization request by hand: third-party clients only, every refusal a page.

use std::{borrow::Cow, sync::Arc};

use url::form_urlencoded;

use crate::baseline_access::{Access, Client, GrantType, ResponseType, Tenant};

/// All that the host has to know once the user has consented.
pub(crate) struct Decision {
    pub(crate) tenant: Arc<str>,
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) redirect_uri_was_given: bool,
    pub(crate) response_mode: &'static str,
    pub(crate) challenge: [u8; 43],
    pub(crate) access: Access,
    pub(crate) connections: Vec<String>,
    pub(crate) state: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) left_to_host: Vec<(String, String)>,
    pub(crate) issuer: Option<String>,
}

/// The parameters that are read, each as it came.
#[derive(Default)]
struct Query<'a> {
    audience: Option<Cow<'a, str>>,
    client_id: Option<Cow<'a, str>>,
    code_challenge: Option<Cow<'a, str>>,
    code_challenge_method: Option<Cow<'a, str>>,
    connection: Option<Cow<'a, str>>,
    nonce: Option<Cow<'a, str>>,
    prompt: Option<Cow<'a, str>>,
    redirect_uri: Option<Cow<'a, str>>,
    resource: Option<Cow<'a, str>>,
    response_mode: Option<Cow<'a, str>>,
    response_type: Option<Cow<'a, str>>,
    scope: Option<Cow<'a, str>>,
    state: Option<Cow<'a, str>>,
    others: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

/// Checks `query` for `client`, which is what was found under its `client_id`. The error is a code.
pub(crate) fn authorize(
    tenant: &Tenant,
    client: Option<&Client>,
    query: &str,
) -> Result<Decision, &'static str> {
    let query = Query::read(query)?;
    let id = given(&query.client_id).ok_or("invalid_request")?;
    let client = client
        .filter(|client| client.is(tenant, id))
        .ok_or("invalid_client")?;
    if client.blocked {
        return Err("unauthorized_client");
    }
    let redirect_uri_was_given = given(&query.redirect_uri).is_some();
    check_redirect_uri(client, given(&query.redirect_uri))?;
    check_response_type(client, given(&query.response_type))?;
    let response_mode = match given(&query.response_mode) {
        None | Some("query") => "query",
        Some("fragment") => "fragment",
        Some("form_post") => "form_post",
        Some(_) => return Err("invalid_request"),
    };
    let challenge = challenge(
        given(&query.code_challenge),
        given(&query.code_challenge_method),
    )?;
    let mut prompts = given(&query.prompt).unwrap_or_default().split(' ');
    if prompts.any(|prompt| prompt == "none") {
        return Err("consent_required");
    }
    for value in [given(&query.state), given(&query.nonce)] {
        check_kept(value.unwrap_or_default())?;
    }
    let left_to_host = query.left_to_host()?;
    let connections = connections(tenant, given(&query.connection))?;
    let access = tenant.access(
        client,
        given(&query.audience),
        given(&query.resource),
        given(&query.scope),
    )?;
    Ok(Decision {
        tenant: Arc::clone(&tenant.id),
        client_id: client.id.clone(),
        redirect_uri: match query.redirect_uri {
            Some(uri) if redirect_uri_was_given => uri.into_owned(),
            _ => client.metadata.redirect_uris[0].clone(),
        },
        redirect_uri_was_given,
        response_mode,
        challenge,
        access,
        connections,
        state: owned(query.state),
        nonce: owned(query.nonce),
        left_to_host,
        issuer: tenant.issuer.clone(),
    })
}

impl<'a> Query<'a> {
    fn read(text: &'a str) -> Result<Self, &'static str> {
        let mut query = Self::default();
        let (mut pairs, mut bytes) = (0, 0);
        if text.len() > 32_768 {
            return Err("invalid_request");
        }
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            pairs += 1;
            bytes += name.len() + value.len();
            if pairs > 100 || bytes > 32_768 {
                return Err("invalid_request");
            }
            if name.contains('\u{fffd}') || value.contains('\u{fffd}') {
                return Err("invalid_request");
            }
            if value.is_empty() {
                continue;
            }
            let slot = match &*name {
                "audience" => &mut query.audience,
                "client_id" => &mut query.client_id,
                "code_challenge" => &mut query.code_challenge,
                "code_challenge_method" => &mut query.code_challenge_method,
                "connection" => &mut query.connection,
                "nonce" => &mut query.nonce,
                "prompt" => &mut query.prompt,
                "redirect_uri" => &mut query.redirect_uri,
                "resource" => match &query.resource {
                    Some(first) if *first == value => continue,
                    Some(_) => return Err("invalid_target"),
                    None => &mut query.resource,
                },
                "response_mode" => &mut query.response_mode,
                "response_type" => &mut query.response_type,
                "scope" => &mut query.scope,
                "state" => &mut query.state,
                "claims" | "id_token_hint" | "invitation" | "login_ticket" | "request"
                | "request_uri" | "screen_hint" => return Err("invalid_request"),
                name if !is_left_to_host(name) => continue,
                _ if query.others.iter().any(|(known, _)| *known == name) => {
                    return Err("invalid_request");
                }
                _ => {
                    query.others.push((name, value));
                    continue;
                }
            };
            if slot.replace(value).is_some() {
                return Err("invalid_request");
            }
        }
        Ok(query)
    }
}

impl Query<'_> {
    /// What the host may act on.
    fn left_to_host(&self) -> Result<Vec<(String, String)>, &'static str> {
        let mut left = Vec::new();
        if let Some(prompt) = given(&self.prompt) {
            check_kept(prompt)?;
            left.push(("prompt".to_owned(), prompt.to_owned()));
        }
        for (name, value) in &self.others {
            check_kept(name)?;
            check_kept(value)?;
            left.push((name.clone().into_owned(), value.clone().into_owned()));
        }
        Ok(left)
    }
}

fn is_left_to_host(name: &str) -> bool {
    let is_known = matches!(
        name,
        "acr_values"
            | "authorization_details"
            | "claims_locales"
            | "correlation_id"
            | "display"
            | "dpop_jkt"
            | "issuer_state"
            | "login_hint"
            | "max_age"
            | "registration"
            | "ui_locales"
            | "user_hint"
            | "vtr"
            | "wallet_issuer"
    );
    is_known || name.starts_with("ext-")
}

fn check_kept(text: &str) -> Result<(), &'static str> {
    let is_text = text.len() <= 4096 && !text.contains(char::is_control);
    is_text.then_some(()).ok_or("invalid_request")
}

/// A parameter without a value counts as left out.
#[expect(clippy::ref_option, reason = "every parameter is a field")]
fn given<'q>(value: &'q Option<Cow<'_, str>>) -> Option<&'q str> {
    value.as_deref().filter(|value| !value.is_empty())
}

fn owned(value: Option<Cow<'_, str>>) -> Option<String> {
    value.filter(|value| !value.is_empty()).map(Cow::into_owned)
}

pub(crate) fn check_redirect_uri(
    client: &Client,
    requested: Option<&str>,
) -> Result<(), &'static str> {
    let registered = &client.metadata.redirect_uris;
    let is_right = match requested {
        None => registered.len() == 1,
        Some(requested) => registered
            .iter()
            .any(|uri| uri == requested || differs_by_port_only(uri, requested)),
    };
    is_right.then_some(()).ok_or("invalid_request")
}

/// The loopback exception of RFC 8252 section 7.3.
fn differs_by_port_only(registered: &str, requested: &str) -> bool {
    ["http://127.0.0.1", "http://[::1]"].iter().any(|host| {
        let registered = registered.strip_prefix(host).and_then(without_port);
        registered.is_some() && registered == requested.strip_prefix(host).and_then(without_port)
    })
}

fn without_port(after_host: &str) -> Option<&str> {
    let Some(port) = after_host.strip_prefix(':') else {
        return Some(after_host);
    };
    let end = port.find(|character: char| !character.is_ascii_digit());
    let (digits, rest) = port.split_at(end.unwrap_or(port.len()));
    digits.parse::<u16>().ok().map(|_| rest)
}

fn check_response_type(client: &Client, name: Option<&str>) -> Result<(), &'static str> {
    match name {
        None => Err("invalid_request"),
        Some("code") => {
            let registered = client.metadata.response_types.contains(&ResponseType::Code);
            let may = registered && client.may_use(GrantType::AuthorizationCode);
            may.then_some(()).ok_or("unauthorized_client")
        }
        Some(_) => Err("unsupported_response_type"),
    }
}

fn challenge(text: Option<&str>, method: Option<&str>) -> Result<[u8; 43], &'static str> {
    let text = text.ok_or("invalid_request")?;
    if method != Some("S256") {
        return Err("invalid_request");
    }
    let challenge: [u8; 43] = text.as_bytes().try_into().map_err(|_| "invalid_request")?;
    let legal = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_legal = challenge.iter().all(legal);
    is_legal.then_some(challenge).ok_or("invalid_request")
}

fn connections(tenant: &Tenant, named: Option<&str>) -> Result<Vec<String>, &'static str> {
    let all = tenant.connections.iter();
    let offered: Vec<String> = all
        .filter(|it| it.is_domain_connection && named.is_none_or(|named| named == it.name))
        .map(|it| it.name.clone())
        .collect();
    match (offered.is_empty(), named) {
        (false, _) => Ok(offered),
        (true, Some(_)) => Err("invalid_request"),
        (true, None) => Err("access_denied"),
    }
}
