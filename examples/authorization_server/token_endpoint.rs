//! `POST /oauth/token` (RFC 6749 section 3.2).

use http::{HeaderMap, Request, StatusCode, header::AUTHORIZATION};
use http_body_util::Full;
use hyper::body::Incoming;
use oauth_dcr::{
    BackendError, Client, Clock as _, Found, GrantFault, RandomError, Scope, TenantSettings,
    TokenDecision, TokenError, TokenGrant, TokenRefusal, TokenRequest,
};
use serde_json::json;

use crate::{
    answers::{self, Answer},
    app::App,
    forms,
    tenant::Tenant,
    tokens::{Issued, OneTime},
};

/// Why no token is issued.
enum Failure {
    Refused(TokenRefusal),
    /// There is no randomness to be had, or the store does not answer.
    Unavailable,
}

pub(crate) async fn answer(app: &App, tenant: &Tenant, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let form = match forms::read(&head.headers, body, TokenRequest::MAX_BYTES).await {
        Ok(form) => form,
        Err(fault) => {
            return answers::json_error(fault.status(), "invalid_request", fault.description());
        }
    };
    let request = TokenRequest::from_form(&form, authorization(&head.headers));
    let Ok(client) = app.find_client(tenant, request.client_id()).await else {
        return answers::unavailable();
    };
    match exchange(app, &tenant.settings, request, client.as_deref()).await {
        Ok(issued) => success(&issued),
        Err(failure) => failure.into(),
    }
}

/// The value of the `Authorization` header. Two are of no use: who would the client be?
pub(crate) fn authorization(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?;
    Some(values.next().map_or(value.as_bytes(), |_| b""))
}

/// Check first, and then take the code or token in one step: what another client presents stays
/// usable by its own. In between, the client is marked: while that fails, nothing is used up.
async fn exchange(
    app: &App,
    tenant: &TenantSettings,
    request: TokenRequest<'_>,
    client: Option<&Client>,
) -> Result<Issued, Failure> {
    let tokens = &app.tokens;
    match request.authenticate(tenant, client, app.clock.now())? {
        TokenGrant::AuthorizationCode(exchange) => {
            let code = tokens.find_code(exchange.code());
            let decision = checked(code.as_ref(), |found| exchange.check(found))?;
            app.mark_used(&decision).await?;
            let issued = tokens.redeem_code(exchange.code(), &decision)?;
            issued.ok_or_else(|| exchange.replayed().into())
        }
        TokenGrant::RefreshToken(exchange) => {
            let token = tokens.find_refresh_token(exchange.refresh_token());
            let decision = checked(token.as_ref(), |found| exchange.check(found))?;
            app.mark_used(&decision).await?;
            let issued = tokens.refresh(exchange.refresh_token(), &decision)?;
            issued.ok_or_else(|| exchange.replayed().into())
        }
        TokenGrant::ClientCredentials(request) => {
            let decision = request.check()?;
            app.mark_used(&decision).await?;
            Ok(tokens.issue_to_client(&decision)?)
        }
        grant => Err(grant.not_offered().into()),
    }
}

/// Checks what was found under a code or refresh token; whatever a replayed one has led to is
/// revoked.
fn checked<B>(
    row: Option<&OneTime<B>>,
    check: impl FnOnce(Found<'_, B>) -> Result<TokenDecision, TokenRefusal>,
) -> Result<TokenDecision, TokenRefusal> {
    check(row.map_or(Found::Nothing, OneTime::found)).inspect_err(|refusal| {
        let is_replay = refusal.error() == TokenError::InvalidGrant(GrantFault::Replayed);
        if let Some(row) = row.filter(|_| is_replay) {
            row.grant.revoke();
        }
    })
}

/// RFC 6749 section 5.1. `scope` says what was given even where that is nothing: left out, it would
/// mean all that was asked for.
fn success(issued: &Issued) -> Answer {
    let mut body = json!({
        "access_token": issued.access_token.expose(),
        "token_type": "Bearer",
        "expires_in": issued.expires_in.as_secs(),
        "scope": issued.given.scope().map_or("", Scope::as_str),
    });
    if let Some(refresh_token) = &issued.refresh_token {
        body["refresh_token"] = refresh_token.expose().into();
    }
    answers::private_json(StatusCode::OK, &body)
}

impl From<TokenRefusal> for Failure {
    fn from(refusal: TokenRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<RandomError> for Failure {
    fn from(_: RandomError) -> Self {
        Self::Unavailable
    }
}

impl From<BackendError> for Failure {
    fn from(_: BackendError) -> Self {
        Self::Unavailable
    }
}

impl From<Failure> for Answer {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => refusal.to_response().map(Full::new),
            Failure::Unavailable => answers::unavailable(),
        }
    }
}
