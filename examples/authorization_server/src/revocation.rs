//! `POST /oauth/revoke` (RFC 7009).

use http::{Request, StatusCode, header::CACHE_CONTROL};
use http_body_util::Full;
use hyper::body::Incoming;
use oauth_dcr::{system::Clock as _, token::RevocationRequest};

use crate::{
    answers::{self, Answer, NO_STORE},
    app::App,
    forms,
    tenant::Tenant,
    token_endpoint::authorization,
};

pub(crate) async fn answer(app: &App, tenant: &Tenant, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let form = match forms::read(&head.headers, body, RevocationRequest::MAX_BYTES).await {
        Ok(form) => form,
        Err(fault) => {
            return answers::json_error(fault.status(), "invalid_request", fault.description());
        }
    };
    let request = RevocationRequest::from_form(&form, authorization(&head.headers));
    let Ok(client) = app.find_client(tenant, request.client_id()).await else {
        return answers::unavailable();
    };
    match request.authenticate(&tenant.settings, client.as_deref(), app.clock.now()) {
        Ok(revocation) => {
            app.tokens.revoke(revocation.token(), revocation.client());
            // The answer is the same for a token of another client and for an unknown token.
            let mut answer = answers::status(StatusCode::OK);
            answer.headers_mut().insert(CACHE_CONTROL, NO_STORE);
            answer
        }
        Err(refusal) => refusal.to_response().map(Full::new),
    }
}
