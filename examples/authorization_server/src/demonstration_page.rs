//! The demonstration in the browser: the button on the home page, and the page that it comes back to.
//! The script does the work.

use http::StatusCode;
use maud::{Markup, html};

use crate::{answers::Answer, layout::page_with_script, tenant::Tenant};

/// The redirect URI of the client that the script registers.
pub(crate) const CALLBACK_PATH: &str = "/demonstration/callback";

/// The block with the button. The script shows the button, because the button needs the script.
pub(crate) fn start(tenant: &Tenant) -> Markup {
    html! {
        section.demonstration #demonstration data-callback=(CALLBACK_PATH) {
            h2 { "Try the whole flow" }
            @if tenant.settings.registration.enabled {
                p {
                    "The button registers a client in this browser. You sign in and consent. Then the client "
                    "gets a token with PKCE and calls the demonstration API. You see each request and each "
                    "response."
                }
                div.actions { button.primary #start type="button" hidden { "Register a client and sign in" } }
                p.problem #problem role="alert" hidden {}
                noscript { p.note { "The button needs JavaScript. The rest of this page works without it." } }
            } @else {
                p.note { "Registration is disabled for this tenant. The setting " code { "registration.enabled" } " enables it." }
            }
        }
    }
}

/// The page that the user comes back to, with a code or an error.
pub(crate) fn callback() -> Answer {
    let body = html! {
        h1 { "Each step of the flow" }
        p.outcome #outcome role="status" { "The steps appear here." }
        noscript { p.note { "This page needs JavaScript. The script exchanges the code for a token." } }
        ol.steps #steps {}
        div.actions { a.button href="/" { "Back to the home page" } }
    };
    page_with_script(StatusCode::OK, "Each step of the flow", &body)
}
