//! The pages of refusals, and parts that several pages have. `maud` escapes all that is put into them.

use http::StatusCode;
use maud::{Markup, html};
use oauth_dcr::{
    access::AccessError,
    authorization::{
        AuthorizationError, AuthorizationRefusal, AuthorizationResponse, LinkTarget, ReturnLink,
    },
    redirect_uri::Destination,
};

use crate::{
    answers::Answer,
    layout::{FormTarget, page},
    secrets::Secret,
};

/// The hidden fields of every form: they name the session and prove that the form came from here.
pub(crate) fn ticket(id: &str, token: &Secret) -> Markup {
    html! {
        input type="hidden" name="session" value=(id);
        input type="hidden" name="token" value=(token.expose());
    }
}

/// The page for a request that ends here for a reason other than a refused authorization.
pub(crate) fn error(status: StatusCode, description: &str) -> Answer {
    let body = html! {
        h1 { "This request can’t be answered" }
        p { (sentence(description)) }
    };
    page(status, "Error", FormTarget::Here, &body)
}

/// The page for a session that has ended or belongs to another browser.
pub(crate) fn stale() -> Answer {
    let body = html! {
        h1 { "This page is no longer valid" }
        p {
            "You have already answered this page, it was open for too long, or it was opened in another "
            "browser. Go back to the application and start again."
        }
    };
    page(
        StatusCode::FORBIDDEN,
        "No longer valid",
        FormTarget::Here,
        &body,
    )
}

/// The page for an authorization that is refused.
pub(crate) fn refusal(refusal: &AuthorizationRefusal) -> Answer {
    let error = refusal.error();
    let link = refusal.link();
    let body = html! {
        h1 { (heading(error)) }
        p { (error.advice()) }
        @if let Some(link) = link {
            (way_back(error, link))
        }
        @if error != AuthorizationError::Denied {
            p.technical { code { (error.code()) } ": " (refusal) }
        }
        @if let Some(endpoint) = refusal.registration_endpoint() {
            p.technical { "Applications register at " code { (endpoint) } "." }
        }
    };
    let form_target = match link.map(ReturnLink::target) {
        Some(LinkTarget::Form { action, .. }) => FormTarget::Client {
            redirect_uri: action,
        },
        _ => FormTarget::Here,
    };
    page(StatusCode::BAD_REQUEST, "Not possible", form_target, &body)
}

const fn heading(error: AuthorizationError) -> &'static str {
    match error {
        AuthorizationError::Denied => "Access denied",
        AuthorizationError::UnknownClient => "This service does not know the application",
        AuthorizationError::Blocked
        | AuthorizationError::NoConnection
        | AuthorizationError::Access(
            AccessError::Closed | AccessError::NoGrant | AccessError::NothingOpen,
        ) => "This service is not open to the application",
        AuthorizationError::ServerError | AuthorizationError::TemporarilyUnavailable => {
            "This service can’t answer now"
        }
        _ => "The application’s request is not valid",
    }
}

/// The link back to the application. Nothing happens until the user presses it.
fn way_back(error: AuthorizationError, link: &ReturnLink) -> Markup {
    let words = match error {
        AuthorizationError::Denied => "Return to the application",
        _ => "Return to the application and report this",
    };
    html! {
        @match link.target() {
            LinkTarget::Anchor(uri) => {
                div.actions { a.button href=(uri) rel="noreferrer" { (words) } }
            }
            LinkTarget::Form { action, fields } => {
                form method="post" action=(action) rel="noreferrer" {
                    (hidden(fields.into_iter()))
                    div.actions { button type="submit" { (words) } }
                }
            }
        }
        p.note { "This leads to " strong { (place(link.destination())) } "." }
    }
}

/// The place that a redirect URI leads to, in words.
pub(crate) fn place(destination: Destination<'_>) -> Markup {
    html! {
        @match destination {
            Destination::Site(host) => (host),
            Destination::Device(host) => { "a program on this device (" (host) ")" },
            Destination::App(scheme) => { "an app on this device (" (scheme) ":)" },
            _ => "another kind of place",
        }
    }
}

/// The hidden fields of a form.
fn hidden<'a>(fields: impl Iterator<Item = (&'static str, &'a str)>) -> Markup {
    html! {
        @for (name, value) in fields {
            input type="hidden" name=(name) value=(value);
        }
    }
}

/// The answer to a client that asked for a form (Form Post Response Mode section 2). Without a script, the
/// user has to send the form.
pub(crate) fn form_post(response: &AuthorizationResponse) -> Answer {
    let redirect_uri = response.redirect_uri();
    let body = html! {
        h1 { "Return to the application" }
        form method="post" action=(redirect_uri) {
            (hidden(response.parameters()))
            div.actions { button.primary type="submit" { "Continue" } }
        }
    };
    let target = FormTarget::Client { redirect_uri };
    page(StatusCode::OK, "Continue", target, &body)
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first
        .into_iter()
        .flatten()
        .chain(letters)
        .chain(['.'])
        .collect()
}
