//! The registration of a client by hand: one tenant, one profile, no traits, no settings.

use std::{
    num::NonZeroU32,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use dashmap::{DashMap, Entry};
use governor::{
    Quota, clock::MonotonicClock, middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};
use rand::{TryRng as _, rngs::SysRng};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use url::Url;

const MAX_BODY: usize = 65_536;
const MAX_REDIRECT_URIS: usize = 32;
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const ID_CHARS: usize = 32;
/// Half as many again as the id has characters: bytes that would favour some characters are left out.
const ID_ENTROPY: usize = 48;
const SECRET_ENTROPY: usize = 32;

type Limiter = governor::RateLimiter<
    Arc<str>,
    DashMapStateStore<Arc<str>>,
    MonotonicClock,
    StateInformationMiddleware,
>;

/// The registration and its state.
pub struct Baseline {
    tenant: Arc<str>,
    limiter: Option<Limiter>,
    clients: DashMap<String, Vec<u8>>,
}

/// The reason why a registration is refused.
#[derive(Debug)]
pub enum Refused {
    RateLimited,
    TooLarge,
    NotJson,
    RedirectUris,
    AuthMethod,
    GrantTypes,
    ResponseTypes,
    Random,
    IdTaken,
}

#[derive(Deserialize)]
struct Request {
    redirect_uris: Vec<String>,
    client_name: Option<String>,
    token_endpoint_auth_method: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
}

/// The stored record of a client.
#[derive(Serialize)]
struct Record<'a> {
    tenant: &'a str,
    client_id: &'a str,
    client_id_issued_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_sha256: Option<&'a str>,
    #[serde(flatten)]
    metadata: &'a Metadata,
}

/// The answer to a registration.
#[derive(Serialize)]
struct Answer<'a> {
    client_id: &'a str,
    client_id_issued_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    client_secret_expires_at: u64,
    #[serde(flatten)]
    metadata: &'a Metadata,
}

#[derive(Serialize)]
struct Metadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    client_name: Option<String>,
    redirect_uris: Vec<String>,
    token_endpoint_auth_method: &'static str,
    grant_types: Vec<String>,
    response_types: Vec<String>,
}

impl Baseline {
    /// A registration without clients. Without `per_second` it has no limiter.
    pub fn new(per_second: Option<NonZeroU32>) -> Self {
        let limiter = |rate| {
            let quota = Quota::per_second(rate).allow_burst(rate);
            Limiter::new(quota, DashMapStateStore::default(), MonotonicClock)
        };
        Self {
            tenant: "default".into(),
            limiter: per_second.map(limiter),
            clients: DashMap::new(),
        }
    }

    /// Registers the client of a request body, and returns the body of the answer.
    pub fn register(&self, body: &[u8]) -> Result<Vec<u8>, Refused> {
        if let Some(limiter) = &self.limiter {
            let checked = limiter.check_key(&self.tenant);
            checked.map_err(|_| Refused::RateLimited)?;
        }
        if body.len() > MAX_BODY {
            return Err(Refused::TooLarge);
        }
        let request = serde_json::from_slice(body).map_err(|_| Refused::NotJson)?;
        self.store(&accept(request)?)
    }

    fn store(&self, metadata: &Metadata) -> Result<Vec<u8>, Refused> {
        let (id, secret) = credentials(metadata.token_endpoint_auth_method == "none")?;
        let issued_at = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let digest = secret
            .as_ref()
            .map(|secret| URL_SAFE_NO_PAD.encode(Sha256::digest(secret)));
        let record = to_json(&Record {
            tenant: &self.tenant,
            client_id: &id,
            client_id_issued_at: issued_at,
            secret_sha256: digest.as_deref(),
            metadata,
        })?;
        let answer = to_json(&Answer {
            client_id: &id,
            client_id_issued_at: issued_at,
            client_secret: secret.as_deref(),
            client_secret_expires_at: 0,
            metadata,
        })?;
        match self.clients.entry(id) {
            Entry::Occupied(_) => Err(Refused::IdTaken),
            Entry::Vacant(free) => {
                free.insert(record);
                Ok(answer)
            }
        }
    }
}

fn to_json(value: &impl Serialize) -> Result<Vec<u8>, Refused> {
    serde_json::to_vec(value).map_err(|_| Refused::NotJson)
}

fn accept(request: Request) -> Result<Metadata, Refused> {
    let uris = request.redirect_uris;
    let in_bounds = (1..=MAX_REDIRECT_URIS).contains(&uris.len());
    if !in_bounds || !uris.iter().all(|uri| is_allowed(uri)) {
        return Err(Refused::RedirectUris);
    }
    let method = match request.token_endpoint_auth_method.as_deref() {
        None | Some("client_secret_post") => "client_secret_post",
        Some("none") => "none",
        Some(_) => return Err(Refused::AuthMethod),
    };
    let mut grant_types = request
        .grant_types
        .unwrap_or_else(|| vec!["authorization_code".to_owned()]);
    grant_types.retain(|grant| matches!(&**grant, "authorization_code" | "refresh_token"));
    if !grant_types
        .iter()
        .any(|grant| grant == "authorization_code")
    {
        return Err(Refused::GrantTypes);
    }
    let mut response_types = request
        .response_types
        .unwrap_or_else(|| vec!["code".to_owned()]);
    response_types.retain(|response_type| response_type == "code");
    if response_types.is_empty() {
        return Err(Refused::ResponseTypes);
    }
    Ok(Metadata {
        client_name: request.client_name,
        redirect_uris: uris,
        token_endpoint_auth_method: method,
        grant_types,
        response_types,
    })
}

/// Whether a redirect URI is `https`, or `http` on the user's own device, or has a scheme in reverse-domain form.
fn is_allowed(uri: &str) -> bool {
    let Ok(url) = Url::parse(uri) else {
        return false;
    };
    let scheme_allowed = match url.scheme() {
        "https" => true,
        "http" => matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost")),
        other => other.contains('.'),
    };
    scheme_allowed && url.fragment().is_none() && url.username().is_empty()
}

/// An id, and a secret unless the client is public. Both come from one draw of random bytes.
fn credentials(public: bool) -> Result<(String, Option<String>), Refused> {
    let mut entropy = [0; ID_ENTROPY + SECRET_ENTROPY];
    let drawn = if public {
        &mut entropy[..ID_ENTROPY]
    } else {
        &mut entropy[..]
    };
    SysRng.try_fill_bytes(drawn).map_err(|_| Refused::Random)?;
    let (for_id, for_secret) = entropy.split_at(ID_ENTROPY);
    let mut id = String::with_capacity(4 + ID_CHARS);
    id.push_str("tpc_");
    let unbiased = for_id.iter().filter(|&&byte| byte < 62 * 4);
    let chars = unbiased.map(|byte| char::from(ALPHABET[usize::from(byte % 62)]));
    id.extend(chars.take(ID_CHARS));
    if id.len() < 4 + ID_CHARS {
        return Err(Refused::Random);
    }
    let secret = (!public).then(|| URL_SAFE_NO_PAD.encode(for_secret));
    Ok((id, secret))
}
