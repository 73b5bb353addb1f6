//! `POST /oauth/token` (RFC 6749 section 3.2).

use http::{HeaderMap, Request, StatusCode, header::AUTHORIZATION};
use http_body_util::Full;
use hyper::body::Incoming;
use oauth_dcr::{
    BackendError, Client, MarkOutcome, TenantSettings,
    system::{Clock as _, RandomError},
    token::{
        CodeExchange, Lookup, RefreshTokenAction, TokenDecision, TokenGrant, TokenRefusal,
        TokenRequest,
    },
};
use serde_json::json;

use crate::{
    answers::{self, Answer},
    app::App,
    demonstration::User,
    forms,
    tenant::Tenant,
    tokens::{Code, Issued},
};

/// Why no token is issued.
enum Failure {
    Refused(TokenRefusal),
    /// The client was removed while its request was answered.
    ClientGone,
    /// No random bytes are available, or the store does not answer.
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

/// The value of the `Authorization` header. With two headers the client is ambiguous, so the value is empty.
pub(crate) fn authorization(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?;
    Some(values.next().map_or(value.as_bytes(), |_| b""))
}

/// Checks the request first, and then takes the code or token in one step, so that a wrong client can't use up
/// the code of another client. The client is marked as used in between. If marking fails, nothing is used up.
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
            let decision = check_code(&exchange, code.as_ref())?;
            let user = code.as_ref().and_then(|code| code.grant.user);
            mark_used(app, tenant, &decision, user).await?;
            let issued = tokens.redeem_code(exchange.code(), &decision)?;
            issued.ok_or_else(|| exchange.replayed().into())
        }
        TokenGrant::RefreshToken(exchange) => {
            let token = tokens.find_refresh_token(exchange.refresh_token());
            let decision = match &token {
                Some(token) => token.preview(&exchange)?,
                None => exchange.check(None)?,
            };
            // A request without a token never gets a decision.
            let token = token.ok_or(Failure::Unavailable)?;
            mark_used(app, tenant, &decision, token.grant.user).await?;
            Ok(tokens.refresh(&exchange, &token)??)
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

/// Checks the record of a code. A replayed code revokes the tokens that it led to.
fn check_code(
    exchange: &CodeExchange<'_>,
    code: Option<&Code>,
) -> Result<TokenDecision, TokenRefusal> {
    let found = code.map_or(Lookup::NotFound, Code::found);
    exchange.check(found).inspect_err(|refusal| {
        if let Some(code) = code.filter(|_| refusal.is_replay()) {
            code.grant.revoke();
        }
    })
}

/// RFC 6749 section 5.1.
fn success(issued: &Issued) -> Answer {
    let mut body = json!({
        "access_token": issued.access_token.expose(),
        "token_type": "Bearer",
        "expires_in": issued.expires_in.as_secs(),
        "scope": issued.scope,
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
