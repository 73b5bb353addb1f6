//! The page on which a user signs in.

use http::StatusCode;
use maud::html;

use crate::{
    answers::Answer,
    demonstration::USERS,
    layout::{FormTarget, page},
    pages::ticket,
    secrets::Secret,
    sessions::Session,
};

pub(crate) fn show(session: &Session, id: &str, token: &Secret) -> Answer {
    let name = session.client.metadata().client_name();
    let name = name.unwrap_or("an application without a name");
    let connections = session.decision.connections();
    let body = html! {
        h1 { "Sign in" }
        p { "to continue to " strong.name { (name) } " (not verified)" }
        form method="post" action="/interaction/sign-in" {
            (ticket(id, token))
            fieldset {
                legend { "Choose a user. This demonstration has no passwords." }
                @for (at, user) in USERS.iter().enumerate() {
                    label.choice {
                        input type="radio" name="user" value=(user.id) checked[at == 0];
                        span {
                            strong { (user.name) }
                            small { (user.email) }
                        }
                    }
                }
            }
            fieldset {
                legend { "Sign in with" }
                @for (at, connection) in connections.enumerate() {
                    label.choice {
                        input type="radio" name="connection" value=(connection) checked[at == 0];
                        span { strong { (connection) } }
                    }
                }
            }
            div.actions { button.primary type="submit" { "Continue" } }
        }
    };
    page(StatusCode::OK, "Sign in", FormTarget::Here, &body)
}
