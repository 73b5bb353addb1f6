//! `/authorize` (RFC 6749 section 3.1), and what the user does between there and the code.

use http::{
    HeaderMap, HeaderValue, Method, Request, StatusCode,
    header::{ACCEPT, LINK},
};
use hyper::body::Incoming;
use oauth_dcr::{
    MarkOutcome,
    authorization::{
        AuthorizationDecision, AuthorizationError, AuthorizationRefusal, AuthorizationRequest,
        AuthorizationResponse, Delivery, Issued,
    },
    types::ResponseType,
};
use serde_json::{Value, json};

use crate::{
    answers::{self, Answer},
    app::App,
    demonstration::{FIRST_USER, User},
    forms, interaction, pages,
    tenant::Tenant,
};

pub(crate) async fn answer(app: &App, tenant: &Tenant, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let parameters = if head.method == Method::POST {
        let form = forms::read(&head.headers, body, AuthorizationRequest::MAX_BYTES).await;
        match form {
            Ok(form) => form,
            Err(fault) => return pages::error(fault.status(), fault.description()),
        }
    } else {
        head.uri.query().unwrap_or_default().to_owned().into()
    };
    let request = AuthorizationRequest::from_query(&parameters);
    let Ok(client) = app.find_client(tenant, request.client_id()).await else {
        return answers::unavailable();
    };
    let decision = match request.authorize(&tenant.settings, client.as_deref()) {
        Ok(decision) => decision,
        Err(refusal) => return refused(&refusal, &head.headers),
    };
    // A request without a client never gets a decision.
    let Some(client) = client else {
        return answers::unavailable();
    };
    if decision.response_type() != ResponseType::Code {
        // A permissive client may have registered for tokens from here.
        let refusal = decision.refuse(AuthorizationError::UnsupportedResponseType);
        return refused(&refusal, &head.headers);
    }
    if app.auto_approve {
        return approve(app, tenant, decision, FIRST_USER, &head.headers).await;
    }
    if prefers_json(&head.headers) {
        return answers::private_json(StatusCode::OK, &passed());
    }
    interaction::begin(app, tenant, decision, client).unwrap_or_else(|_| answers::unavailable())
}

/// The answer to a program that checks its request before it opens a browser. A program can't sign in,
/// so no session begins.
fn passed() -> Value {
    json!({ "valid": true, "next": "Open this address in the user's browser." })
}

/// Issues a code for what `user` has consented to.
pub(crate) async fn approve(
    app: &App,
    tenant: &Tenant,
    decision: AuthorizationDecision,
    user: &'static User,
    headers: &HeaderMap,
) -> Answer {
    // The client will come back with its code, so the store must not evict the client before.
    let (settings, id) = (&tenant.settings, decision.client_id());
    let marking = app.mark_used(settings, id, app.lifetimes.code, Some(user));
    match marking.await {
        Ok(MarkOutcome::Marked { .. }) => {}
        Ok(MarkOutcome::UnknownClient) => {
            return refused(&AuthorizationRefusal::unknown_client(settings), headers);
        }
        Err(_) => return answers::unavailable(),
    }
    let approval = decision.approve();
    let Ok(code) = app.tokens.issue_code(&approval, user) else {
        return answers::unavailable();
    };
    back_to_client(&approval.response(Issued::code(code.expose())))
}

fn back_to_client(response: &AuthorizationResponse) -> Answer {
    match response.delivery() {
        Delivery::Redirect(location) => answers::see_other(&location),
        Delivery::Form => pages::form_post(response),
    }
}

/// Redirects to the client if the refusal has a response to send. Otherwise the user gets a page, or a
/// program gets JSON.
pub(crate) fn refused(refusal: &AuthorizationRefusal, headers: &HeaderMap) -> Answer {
    if let Some(response) = refusal.response() {
        return back_to_client(response);
    }
    let registration_endpoint = refusal.registration_endpoint();
    let mut answer = if prefers_json(headers) {
        let mut body = json!({
            "error": refusal.error().code(),
            "error_description": refusal.to_string(),
        });
        if let Some(endpoint) = registration_endpoint {
            body["registration_endpoint"] = endpoint.into();
        }
        answers::private_json(StatusCode::BAD_REQUEST, &body)
    } else {
        pages::refusal(refusal)
    };
    let link = registration_endpoint.map(|it| format!(r#"<{it}>; rel="registration_endpoint""#));
    if let Some(link) = link.and_then(|it| HeaderValue::from_str(&it).ok()) {
        answer.headers_mut().insert(LINK, link);
    }
    answer
}

/// Programs ask for JSON; browsers ask for HTML.
fn prefers_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|it| it.to_str().ok());
    let accept = accept.unwrap_or_default().to_ascii_lowercase();
    accept.contains("application/json") && !accept.contains("text/html")
}
