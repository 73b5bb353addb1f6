//! Checking a token request by hand: third-party clients only, no `Authorization` header.

use std::{borrow::Cow, sync::Arc};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use url::form_urlencoded;
use zeroize::Zeroize as _;

use crate::{
    baseline_access::{
        Access, AuthMethod, Client, GrantType, Tenant, is_same_resource, is_scope_token, push_once,
        shared,
    },
    baseline_authorize::check_redirect_uri,
    baseline_pkce,
};

/// What was bound to an authorization code.
#[derive(Deserialize)]
pub(crate) struct Code {
    #[serde(deserialize_with = "shared")]
    tenant: Arc<str>,
    client_id: String,
    redirect_uri: String,
    challenge: String,
    access: Access,
    nonce: Option<String>,
    expires_at: u64,
}

/// What was bound to a refresh token.
#[derive(Deserialize)]
pub(crate) struct Refresh {
    #[serde(deserialize_with = "shared")]
    tenant: Arc<str>,
    client_id: String,
    access: Access,
    expires_at: u64,
}

/// What was found under the code or the refresh token that a request presents.
pub(crate) struct Found<'a> {
    pub(crate) code: Option<&'a Code>,
    pub(crate) refresh: Option<&'a Refresh>,
}

/// What the host has to know to issue tokens.
pub(crate) struct Decision {
    pub(crate) tenant: Arc<str>,
    pub(crate) client_id: String,
    /// For the access token.
    pub(crate) access: Access,
    /// For the refresh token.
    pub(crate) given: Access,
    pub(crate) refresh_token: &'static str,
    pub(crate) nonce: Option<String>,
}

/// The parameters that are read, each as it came.
#[derive(Default)]
struct Form<'a> {
    audience: Option<Cow<'a, str>>,
    client_assertion: Option<Cow<'a, str>>,
    client_id: Option<Cow<'a, str>>,
    client_secret: Option<Cow<'a, str>>,
    code: Option<Cow<'a, str>>,
    code_verifier: Option<Cow<'a, str>>,
    grant_type: Option<Cow<'a, str>>,
    redirect_uri: Option<Cow<'a, str>>,
    refresh_token: Option<Cow<'a, str>>,
    resource: Option<Cow<'a, str>>,
    scope: Option<Cow<'a, str>>,
}

/// Checks `form` for `client`, which is what was found under its `client_id`, at `now` in
/// milliseconds. The error is a code.
pub(crate) fn token(
    tenant: &Tenant,
    client: Option<&Client>,
    form: &str,
    found: &Found<'_>,
    now: u64,
) -> Result<Decision, &'static str> {
    let form = Form::read(form)?;
    let grant_type = given(&form.grant_type).ok_or("invalid_request")?;
    let client = form.authenticate(tenant, client)?;
    let grant_type = match grant_type {
        "authorization_code" => GrantType::AuthorizationCode,
        "refresh_token" => GrantType::RefreshToken,
        _ => return Err("unsupported_grant_type"),
    };
    if !client.may_use(grant_type) {
        return Err("unauthorized_client");
    }
    match grant_type {
        GrantType::AuthorizationCode => {
            given(&form.code).ok_or("invalid_request")?;
            let code = found.code.ok_or("invalid_grant")?;
            form.by_code(tenant, client, code, now)
        }
        GrantType::RefreshToken => {
            given(&form.refresh_token).ok_or("invalid_request")?;
            let refresh = found.refresh.ok_or("invalid_grant")?;
            form.by_refresh_token(tenant, client, refresh, now)
        }
    }
}

impl<'a> Form<'a> {
    fn read(text: &'a str) -> Result<Self, &'static str> {
        let mut form = Self::default();
        let mut others: Vec<Cow<'_, str>> = Vec::new();
        let (mut pairs, mut bytes) = (0, 0);
        if text.len() > 32_768 {
            return Err("invalid_request");
        }
        for (name, mut value) in form_urlencoded::parse(text.as_bytes()) {
            pairs += 1;
            bytes += name.len() + value.len();
            let is_text = !name.contains('\u{fffd}') && !value.contains('\u{fffd}');
            if pairs > 100 || bytes > 32_768 || !is_text {
                return Err("invalid_request");
            }
            let slot = match &*name {
                "audience" => &mut form.audience,
                "client_assertion" => &mut form.client_assertion,
                "client_id" => &mut form.client_id,
                "client_secret" => &mut form.client_secret,
                "code" => &mut form.code,
                "code_verifier" => &mut form.code_verifier,
                "grant_type" => &mut form.grant_type,
                "redirect_uri" => &mut form.redirect_uri,
                "refresh_token" => &mut form.refresh_token,
                "resource" => match &form.resource {
                    Some(first) if *first == value => continue,
                    Some(_) => return Err("invalid_target"),
                    None => &mut form.resource,
                },
                "scope" => &mut form.scope,
                _ if others.contains(&name) => return Err("invalid_request"),
                _ => {
                    others.push(name);
                    continue;
                }
            };
            if slot.is_some() {
                wipe(&mut value);
                return Err("invalid_request");
            }
            *slot = Some(value);
        }
        Ok(form)
    }

    /// The client, if it shows that it is `client` in the way that it registered. A secret is hashed
    /// and compared for an unknown one, too.
    fn authenticate<'c>(
        &self,
        tenant: &Tenant,
        client: Option<&'c Client>,
    ) -> Result<&'c Client, &'static str> {
        let secret = given(&self.client_secret);
        let id = given(&self.client_id).ok_or("invalid_client")?;
        let client = client.filter(|client| client.is(tenant, id));
        let expected = client.and_then(|client| client.secret_sha256);
        let is_right = secret.map(|secret| {
            let digest: [u8; 32] = Sha256::digest(secret).into();
            bool::from(digest.ct_eq(&expected.unwrap_or_default()))
        });
        let client = client.ok_or("invalid_client")?;
        let method = match secret {
            Some(_) => AuthMethod::ClientSecretPost,
            None => AuthMethod::None,
        };
        if given(&self.client_assertion).is_some()
            || method != client.metadata.token_endpoint_auth_method
            || is_right == Some(false)
            || client.blocked
        {
            return Err("invalid_client");
        }
        Ok(client)
    }

    fn by_code(
        &self,
        tenant: &Tenant,
        client: &Client,
        code: &Code,
        now: u64,
    ) -> Result<Decision, &'static str> {
        let is_right_uri = given(&self.redirect_uri).is_none_or(|uri| uri == code.redirect_uri);
        if code.tenant != tenant.id
            || code.client_id != client.id
            || now >= code.expires_at
            || !is_right_uri
            || check_redirect_uri(client, Some(&code.redirect_uri)).is_err()
            || !verifies(&code.challenge, given(&self.code_verifier))
        {
            return Err("invalid_grant");
        }
        self.check_api(&code.access)?;
        let access = tenant.still(client, &code.access)?;
        Ok(Decision {
            tenant: Arc::clone(&code.tenant),
            client_id: code.client_id.clone(),
            refresh_token: if access.offline { "new" } else { "none" },
            access,
            given: code.access.clone(),
            nonce: code.nonce.clone(),
        })
    }

    fn by_refresh_token(
        &self,
        tenant: &Tenant,
        client: &Client,
        refresh: &Refresh,
        now: u64,
    ) -> Result<Decision, &'static str> {
        if refresh.tenant != tenant.id
            || refresh.client_id != client.id
            || now >= refresh.expires_at
        {
            return Err("invalid_grant");
        }
        self.check_api(&refresh.access)?;
        let mut access = tenant.still(client, &refresh.access)?;
        if let Some(requested) = given(&self.scope) {
            reduce(&mut access, requested)?;
        }
        let is_public = client.secret_sha256.is_none();
        Ok(Decision {
            tenant: Arc::clone(&refresh.tenant),
            client_id: refresh.client_id.clone(),
            access,
            given: refresh.access.clone(),
            refresh_token: if is_public { "new" } else { "keep" },
            nonce: None,
        })
    }

    fn check_api(&self, access: &Access) -> Result<(), &'static str> {
        let same_audience = given(&self.audience).is_none_or(|it| it == access.audience);
        let same_resource =
            given(&self.resource).is_none_or(|it| is_same_resource(&access.audience, it));
        (same_audience && same_resource)
            .then_some(())
            .ok_or("invalid_target")
    }
}

impl Drop for Form<'_> {
    fn drop(&mut self) {
        let secrets = [
            &mut self.client_assertion,
            &mut self.client_secret,
            &mut self.code,
            &mut self.code_verifier,
            &mut self.refresh_token,
        ];
        for secret in secrets.into_iter().flatten() {
            wipe(secret);
        }
    }
}

fn wipe(value: &mut Cow<'_, str>) {
    if let Cow::Owned(text) = value {
        text.zeroize();
    }
}

/// A parameter without a value counts as left out.
#[expect(clippy::ref_option, reason = "every parameter is a field")]
fn given<'f>(value: &'f Option<Cow<'_, str>>) -> Option<&'f str> {
    value.as_deref().filter(|value| !value.is_empty())
}

fn verifies(challenge: &str, verifier: Option<&str>) -> bool {
    let (Ok(challenge), Some(verifier)) = (challenge.as_bytes().try_into(), verifier) else {
        return false;
    };
    let legal =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    (43..=128).contains(&verifier.len())
        && verifier.bytes().all(legal)
        && baseline_pkce::verify(challenge, verifier)
}

/// Reduces `access` to the requested scopes of the API, if any are requested.
fn reduce(access: &mut Access, requested: &str) -> Result<(), &'static str> {
    if requested.len() > 4096 || !requested.split(' ').all(is_scope_token) {
        return Err("invalid_scope");
    }
    let is_identity = |it: &str| matches!(it, "openid" | "profile" | "email" | "offline_access");
    let wanted = || requested.split(' ').filter(|it| !is_identity(it));
    if wanted().next().is_none() {
        return Ok(());
    }
    let given = access.scope.as_deref().unwrap_or_default();
    let mut left = String::with_capacity(given.len());
    for token in given
        .split(' ')
        .filter(|token| wanted().any(|it| it == *token))
    {
        push_once(&mut left, token);
    }
    if left.is_empty() {
        return Err("invalid_scope");
    }
    access.scope = Some(left);
    Ok(())
}
