//! The page on which users decide.

use http::StatusCode;
use maud::{Markup, html};
use oauth_dcr::{Timestamp, access::ApiScopes, authorization::Consent, redirect_uri::Destination};

use crate::{
    answers::Answer,
    app::App,
    demonstration::User,
    layout::{FormTarget, page},
    pages::{error, place, ticket},
    secrets::Secret,
    sessions::Session,
    times::{date, in_words},
};

/// This scope has a box of its own below the others.
const OFFLINE_ACCESS: &str = "offline_access";

/// The most names in other languages that the page shows.
const MOST_NAMES: usize = 3;

/// `now` is the time of the store, whose clock also says when clients registered.
pub(crate) fn show(
    app: &App,
    now: Timestamp,
    session: &Session,
    user: &User,
    id: &str,
    token: &Secret,
) -> Answer {
    let Some(consent) = session.decision.consent(&session.client) else {
        return error(StatusCode::BAD_REQUEST, "the client has changed");
    };
    let consent = consent.with_localized_names(MOST_NAMES, |_language| true);
    let body = html! {
        (who(app, now, &consent))
        form method="post" action="/interaction/consent" {
            (ticket(id, token))
            (access(app, &consent))
            (destinations(&consent))
            (other_names(&consent))
            p.user {
                "Signed in as " strong { (user.name) } " (" (user.email) "). "
                button.link name="decision" value="other-user" { "Use another account" }
            }
            div.actions {
                button name="decision" value="deny" { "Deny" }
                button.primary name="decision" value="approve" { "Approve" }
            }
        }
        p.technical { "Client " code { (consent.client_id) } }
    };
    let redirect_uri = session.decision.redirect_uri().as_str();
    let target = FormTarget::Client { redirect_uri };
    page(StatusCode::OK, "Approve access", target, &body)
}

/// The name of the application, and a warning that nobody has checked the name.
fn who(app: &App, now: Timestamp, consent: &Consent<'_>) -> Markup {
    let name = consent
        .client_name
        .unwrap_or("An application without a name");
    let age = now.saturating_since(consent.registered_at);
    html! {
        h1 { span.name { (name) } " asks for access to your account" }
        @if !consent.is_verified {
            p.unverified {
                strong { "Not verified" }
                "Nobody has checked who makes this application. The application chose its own name when "
                "it registered " (in_words(age)) " ago (" (date(consent.registered_at)) ")."
            }
        }
        @if let Some(protected) = consent.resembles(&app.protected_names) {
            p.lookalike {
                strong { "This name looks like “" (protected) "”. " }
                "Anyone can imitate a name. Approve only if you know for certain where this request "
                "comes from."
            }
        }
    }
}

/// The names in other languages. They come after everything that the client could not choose, because
/// they may say anything.
fn other_names(consent: &Consent<'_>) -> Markup {
    let names = &consent.localized_names;
    let more = consent.names_left_out;
    html! {
        @if !names.is_empty() {
            p.note {
                "In other languages, the application calls itself "
                @for (at, localized) in names.iter().enumerate() {
                    @if at > 0 { ", " }
                    strong.name { (localized.name) }
                }
                @if more > 0 { ", and " (more) " more" }
                "."
            }
        }
    }
}

/// What the client would get. The user can untick each scope.
fn access(app: &App, consent: &Consent<'_>) -> Markup {
    html! {
        h2 { "The application would be able to" }
        @for api in &consent.apis {
            fieldset {
                legend { (api_name(api)) }
                @for scope in api.scopes.iter().filter(|it| **it != OFFLINE_ACCESS) {
                    label.choice {
                        input type="checkbox" name="scope" value=(scope) checked;
                        span {
                            strong { (in_plain_words(scope)) }
                            small { code { (scope) } }
                        }
                    }
                }
                @if api.scopes.is_empty() {
                    p.note { "Know that you have an account here, and nothing else." }
                }
            }
        }
        @if consent.has_offline_access {
            fieldset {
                label.choice {
                    input type="checkbox" name="scope" value=(OFFLINE_ACCESS) checked;
                    span {
                        strong { "Keep this access while you are away" }
                        small { "for up to " (in_words(app.lifetimes.refresh_token)) ", without asking you again" }
                    }
                }
            }
        }
    }
}

fn api_name(api: &ApiScopes<'_>) -> Markup {
    html! {
        @match api.audience {
            Some(audience) => { "At " code { (audience) } },
            None => "Your identity",
        }
    }
}

/// Where the code goes, and how safe the place is.
fn destinations(consent: &Consent<'_>) -> Markup {
    let others: Vec<_> = consent
        .redirect_hosts
        .iter()
        .filter(|it| **it != consent.destination)
        .collect();
    html! {
        h2 { "You would be sent to" }
        div.destination {
            strong { (place(consent.destination)) }
            @match consent.destination {
                Destination::Device(_) => p {
                    "Any program on this device can pretend to be this application. Approve only if you "
                    "have just started this yourself."
                },
                Destination::App(_) => p {
                    "Any app can claim this kind of address. Approve only if you have just started this "
                    "yourself."
                },
                _ => {},
            }
        }
        @if !others.is_empty() {
            p.note {
                "At other times, the application may send you to "
                @for (at, other) in others.into_iter().enumerate() {
                    @if at > 0 { ", " }
                    strong { (place(*other)) }
                }
                "."
            }
        }
    }
}

/// Turns `read:items` into "Read items". The scopes of OpenID Connect Core section 5.4 have texts of their own.
fn in_plain_words(scope: &str) -> String {
    let mut words = match scope {
        "openid" => return "Know who you are".to_owned(),
        "profile" => return "See your name".to_owned(),
        "email" => return "See your email address".to_owned(),
        other => other.replace([':', '.', '_', '-', '/'], " "),
    };
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}
