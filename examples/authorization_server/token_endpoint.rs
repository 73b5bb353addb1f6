//! `POST /oauth/token` (RFC 6749 section 3.2).

use http::{HeaderMap, Request, StatusCode, header::AUTHORIZATION};
use http_body_util::Full;
use hyper::body::Incoming;
use oauth_dcr::{
    BackendError, Client, Clock as _, Found, GrantFault, MarkOutcome, RandomError,
    RefreshTokenAction, Scope, TenantSettings, TokenDecision, TokenError, TokenGrant, TokenRefusal,
    TokenRequest,
};
use serde_json::json;

use crate::{
    answers::{self, Answer},
    app::App,
    demonstration::User,
    forms,
    tenant::Tenant,
    tokens::{Issued, OneTime},
};

/// Why no token is issued.
enum Failure {
    Refused(TokenRefusal),
    /// The client was removed while its request was answered.
    ClientGone,
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
        Err(Failure::Refused(refusal)) => refusal.to_response().map(Full::new),
        Err(Failure::ClientGone) => {
            let authorization = authorization(&head.headers);
            let refusal = TokenRefusal::unknown_client(&tenant.settings, authorization);
            refusal.to_response().map(Full::new)
        }
        Err(Failure::Unavailable) => answers::unavailable(),
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
            let user = code.as_ref().and_then(|code| code.grant.user);
            mark_used(app, tenant, &decision, user).await?;
            let issued = tokens.redeem_code(exchange.code(), &decision)?;
            issued.ok_or_else(|| exchange.replayed().into())
        }
        TokenGrant::RefreshToken(exchange) => {
            let token = tokens.find_refresh_token(exchange.refresh_token());
            let decision = checked(token.as_ref(), |found| exchange.check(found))?;
            let user = token.as_ref().and_then(|token| token.grant.user);
            mark_used(app, tenant, &decision, user).await?;
            let issued = tokens.refresh(exchange.refresh_token(), &decision)?;
            issued.ok_or_else(|| exchange.replayed().into())
        }
        TokenGrant::ClientCredentials(request) => {
            let decision = request.check()?;
            mark_used(app, tenant, &decision, None).await?;
            Ok(tokens.issue_to_client(&decision)?)
        }
        grant => Err(grant.not_offered().into()),
    }
}

async fn mark_used(
    app: &App,
    tenant: &TenantSettings,
    decision: &TokenDecision,
    user: Option<&User>,
) -> Result<(), Failure> {
    let access = app.lifetimes.access_token;
    let lifetime = match decision.refresh_token() {
        RefreshTokenAction::None => access,
        RefreshTokenAction::Issue | RefreshTokenAction::Keep => {
            access.max(app.lifetimes.refresh_token)
        }
    };
    let marking = app.mark_used(tenant, decision.client_id(), lifetime, user);
    match marking.await? {
        MarkOutcome::Marked { .. } => Ok(()),
        MarkOutcome::UnknownClient => Err(Failure::ClientGone),
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
