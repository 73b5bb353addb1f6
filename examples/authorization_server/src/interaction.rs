//! The user signs in, and then approves or denies.

use std::{sync::Arc, time::Duration};

use http::{
    HeaderMap, HeaderValue, Request,
    header::{COOKIE, SET_COOKIE},
};
use hyper::body::Incoming;
use oauth_dcr::{
    Client,
    authorization::{AuthorizationDecision, AuthorizationError, AuthorizationRefusal},
    system::RandomError,
};
use zeroize::Zeroizing;

use crate::{
    answers::{self, Answer},
    app::App,
    authorize::{approve, refused},
    consent_page, demonstration, forms, pages,
    sessions::{Session, Ticket},
    sign_in_page,
    tenant::Tenant,
};

/// A form holds an id, a token and the scopes that the user left ticked.
const MOST_FORM_BYTES: usize = 16 * 1024;

/// Begins a session, and sends the browser to its first page.
pub(crate) fn begin(
    app: &App,
    tenant: &Tenant,
    decision: AuthorizationDecision,
    client: Arc<Client>,
) -> Result<Answer, RandomError> {
    let begun = app.sessions.begin(decision, client)?;
    let id = begun.id.expose();
    let cookie = Cookie::of(tenant, id).set(begun.cookie.expose(), app.lifetimes.interaction);
    Ok(with_cookie(next_page(id), &cookie))
}

/// `GET /interaction`: the current page of the session. The user may reload it.
pub(crate) async fn show(app: &App, tenant: &Tenant, request: &Request<Incoming>) -> Answer {
    let id = forms::value(request.uri().query().unwrap_or_default(), "session");
    let cookie = Cookie::of(tenant, &id).read(request.headers());
    match app.sessions.show(tenant.id(), &id, &cookie) {
        Ok(Some((session, token))) => match session.user {
            None => sign_in_page::show(&session, &id, &token),
            Some(user) => match app.store_time().await {
                Ok(now) => consent_page::show(app, now, &session, user, &id, &token),
                Err(_) => answers::unavailable(),
            },
        },
        Ok(None) => pages::stale(),
        Err(_) => answers::unavailable(),
    }
}

/// `POST /interaction/sign-in`
pub(crate) async fn sign_in(app: &App, tenant: &Tenant, request: Request<Incoming>) -> Answer {
    let (sent, session) = match Sent::read(app, tenant, request).await {
        Ok(own) => own,
        Err(answer) => return answer,
    };
    let connection = forms::value(&sent.form, "connection");
    let is_offered = session.decision.connections().any(|it| it == connection);
    let user = demonstration::user(&forms::value(&sent.form, "user")).filter(|_| is_offered);
    sign_in_as(app, tenant, &sent, user)
}

/// `POST /interaction/consent`
pub(crate) async fn consent(app: &App, tenant: &Tenant, request: Request<Incoming>) -> Answer {
    let (sent, session) = match Sent::read(app, tenant, request).await {
        Ok(own) => own,
        Err(answer) => return answer,
    };
    let Some(user) = session.user else {
        return pages::stale();
    };
    let choice = forms::value(&sent.form, "decision");
    if choice == "other-user" {
        return sign_in_as(app, tenant, &sent, None);
    }
    let decision = session.decision;
    let id = decision.client_id().clone();
    // The owner may have removed or blocked the client while the user was thinking.
    let answer = match app.find_client(tenant, Some(id)).await {
        Err(_) => answers::unavailable(),
        Ok(None) => {
            let refusal = AuthorizationRefusal::unknown_client(&tenant.settings);
            refused(&refusal, &sent.headers)
        }
        Ok(Some(client)) if client.is_blocked() => {
            refused(&decision.refuse(AuthorizationError::Blocked), &sent.headers)
        }
        Ok(Some(_)) if choice == "approve" => {
            let ticked: Vec<String> = forms::values(&sent.form, "scope").collect();
            let decision = decision.limited_to(ticked.iter().map(String::as_str));
            approve(app, tenant, decision, user, &sent.headers).await
        }
        // The user has signed in, and everything except an approval is a denial.
        Ok(Some(_)) => refused(&decision.deny(), &sent.headers),
    };
    app.sessions.end(&sent.ticket);
    let cookie = Cookie::of(tenant, &sent.ticket.id).removed();
    with_cookie(answer, &cookie)
}

/// Goes on to the next page with `user` signed in, or back to the sign-in page if `user` is `None`.
fn sign_in_as(
    app: &App,
    tenant: &Tenant,
    sent: &Sent,
    user: Option<&'static demonstration::User>,
) -> Answer {
    let id = &sent.ticket.id;
    match app.sessions.sign_in(&sent.ticket, user) {
        Ok(Some(cookie)) => {
            let cookie = Cookie::of(tenant, id).set(cookie.expose(), app.lifetimes.interaction);
            with_cookie(next_page(id), &cookie)
        }
        Ok(None) => pages::stale(),
        Err(_) => answers::unavailable(),
    }
}

fn next_page(id: &str) -> Answer {
    answers::see_other(&format!("/interaction?session={id}"))
}

/// A form that a browser has sent.
struct Sent {
    headers: HeaderMap,
    form: Zeroizing<String>,
    ticket: Ticket,
}

impl Sent {
    /// Reads the form and takes the session that it belongs to. The error is the answer to send.
    async fn read(
        app: &App,
        tenant: &Tenant,
        request: Request<Incoming>,
    ) -> Result<(Self, Session), Answer> {
        let (head, body) = request.into_parts();
        let form = forms::read(&head.headers, body, MOST_FORM_BYTES)
            .await
            .map_err(|fault| pages::error(fault.status(), fault.description()))?;
        let id = forms::value(&form, "session");
        let ticket = Ticket {
            cookie: Cookie::of(tenant, &id).read(&head.headers),
            token: forms::value(&form, "token"),
            id,
        };
        let session = app.sessions.take_form(tenant.id(), &ticket);
        let session = session.ok_or_else(pages::stale)?;
        let headers = head.headers;
        let sent = Self {
            headers,
            form,
            ticket,
        };
        Ok((sent, session))
    }
}

/// The cookie of a session.
struct Cookie {
    name: String,
    is_https: bool,
}

impl Cookie {
    fn of(tenant: &Tenant, id: &str) -> Self {
        Self {
            name: format!("session-{id}"),
            is_https: tenant.is_https(),
        }
    }

    /// The value of the cookie; empty if there is no cookie.
    fn read(&self, headers: &HeaderMap) -> String {
        headers
            .get_all(COOKIE)
            .into_iter()
            .filter_map(|header| header.to_str().ok())
            .flat_map(|header| header.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == self.name)
            .map_or_else(String::new, |(_, value)| value.to_owned())
    }

    /// Deletes the cookie before the browser follows a redirect to the client.
    fn removed(&self) -> String {
        self.set("", Duration::ZERO)
    }

    /// With `Lax`, the browser sends the cookie when another site links here, but not with a form of another
    /// site. The path covers these pages only, because cookies ignore ports: a client that listens on a loopback
    /// port of this host would get a cookie for all paths. A client whose redirect URI is below this path still
    /// gets the cookie. A real server has a host of its own.
    fn set(&self, value: &str, lifetime: Duration) -> String {
        let seconds = lifetime.as_secs();
        let secure = if self.is_https { "; Secure" } else { "" };
        let name = &self.name;
        format!(
            "{name}={value}; Path=/interaction; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
        )
    }
}

fn with_cookie(mut answer: Answer, cookie: &str) -> Answer {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        answer.headers_mut().insert(SET_COOKIE, cookie);
    }
    answer
}
