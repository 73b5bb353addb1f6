//! The page on which users say who they are.

use http::StatusCode;
use maud::html;

use crate::{
    answers::Answer,
    demonstration::USERS,
    pages::{FormTarget, page, ticket},
    secrets::Secret,
    sessions::Session,
};

pub(crate) fn show(session: &Session, id: &str, token: &Secret) -> Answer {
    let connections = session.decision.connections();
    let body = html! {
        h1 { "Sign in" }
        p { "Choose who you are. There are no passwords in this demonstration." }
        form method="post" action="/interaction/sign-in" {
            (ticket(id, token))
            fieldset {
                legend { "User" }
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
