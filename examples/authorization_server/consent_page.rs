//! The page on which users decide.

use http::StatusCode;
use jiff::Timestamp as Moment;
use maud::{Markup, html};
use oauth_dcr::{ApiScopes, Clock as _, Consent, Destination, Timestamp};

use crate::{
    answers::Answer,
    app::App,
    demonstration::User,
    pages::{FormTarget, error, page, ticket},
    secrets::Secret,
    sessions::Session,
};

pub(crate) fn show(app: &App, session: &Session, user: &User, id: &str, token: &Secret) -> Answer {
    let Some(consent) = session.decision.consent(&session.client) else {
        return error(StatusCode::BAD_REQUEST, "the client has changed");
    };
    let name = consent
        .client_name
        .unwrap_or("An application without a name");
    let resembled = app.protected_names.resembled_by(name);
    let body = html! {
        h1 { span.name { (name) } " asks for access to your account" }
        p.unverified {
            strong { "Not verified" }
            span {
                "Nobody has checked who makes this application. It gave itself this name, and it "
                "registered " (registered(consent.registered_at, app.clock.now())) "."
            }
        }
        @if let Some(protected) = resembled {
            p.warning {
                strong { "This name looks like “" (protected) "”. " }
                "That is a name which anyone could imitate. Go on only if you are certain that you "
                "know where this request comes from."
            }
        }
        form method="post" action="/interaction/consent" {
            (ticket(id, token))
            (access(&consent))
            (destination(&consent))
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

/// What the client would get, each scope to untick.
fn access(consent: &Consent<'_>) -> Markup {
    html! {
        h2 { "It would be allowed to" }
        @for api in &consent.apis {
            fieldset {
                legend { (api_name(api)) }
                @for scope in &api.scopes {
                    label.choice {
                        input type="checkbox" name="scope" value=(scope) checked;
                        span {
                            strong { (in_words(scope)) }
                            small { code { (scope) } }
                        }
                    }
                }
                @if api.scopes.is_empty() {
                    p.note { "Know that you are a user, and nothing else." }
                }
            }
        }
        @if consent.has_offline_access {
            p.note {
                strong { "Also while you are away. " }
                "It keeps this access until you withdraw it, for up to 30 days."
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

/// Where the code goes, and what to think of that.
fn destination(consent: &Consent<'_>) -> Markup {
    html! {
        h2 { "You would be sent to" }
        (place(consent.destination))
        @if consent.redirect_hosts.len() > 1 {
            p.note {
                "On other occasions it may send you to "
                @for (at, other) in consent.redirect_hosts.iter().filter(|it| **it != consent.destination).enumerate() {
                    @if at > 0 { ", " }
                    strong { (host(*other)) }
                }
                "."
            }
        }
    }
}

fn place(destination: Destination<'_>) -> Markup {
    html! {
        p.destination { (host(destination)) }
        @match destination {
            Destination::Device(_) => p.warning {
                strong { "This is a program on the device in front of you. " }
                "Any program that runs on it can pass for this application. Approve only if you have "
                "just started this yourself."
            },
            Destination::App(_) => p.warning {
                strong { "This is an app on the device in front of you. " }
                "Any app can claim such addresses. Approve only if you have just started this "
                "yourself."
            },
            _ => {},
        }
    }
}

fn host(destination: Destination<'_>) -> Markup {
    html! {
        @match destination {
            Destination::Site(host) => (host),
            Destination::Device(host) => { "this device (" (host) ")" },
            Destination::App(scheme) => { "an app for " (scheme) ":" },
            _ => "a place of another kind",
        }
    }
}

/// `read:items` as "Read items".
fn in_words(scope: &str) -> String {
    let mut words = scope.replace([':', '.', '_', '-', '/'], " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

fn registered(at: Timestamp, now: Timestamp) -> String {
    const DAY: u64 = 24 * 60 * 60;
    let date = i64::try_from(at.unix_seconds())
        .ok()
        .and_then(|seconds| Moment::from_second(seconds).ok())
        .map(|moment| moment.strftime("%-d %B %Y at %H:%M UTC").to_string())
        .unwrap_or_default();
    match now.saturating_since(at).as_secs() / DAY {
        0 => format!("less than a day ago, on {date}"),
        1 => format!("a day ago, on {date}"),
        days => format!("{days} days ago, on {date}"),
    }
}
