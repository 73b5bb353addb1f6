//! What all pages have in common: their frame, their style and their headers.

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{
    HeaderValue, Response, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
        X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
};
use http_body_util::Full;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use crate::{
    answers::{Answer, NO_REFERRER, NO_STORE},
    assets,
};

const STYLE: &str = include_str!("style.css");

static STYLE_HASH: LazyLock<String> = LazyLock::new(|| STANDARD.encode(Sha256::digest(STYLE)));

/// Where the forms of a page may lead.
#[derive(Clone, Copy)]
pub(crate) enum FormTarget<'a> {
    Here,
    /// Here, and on to the client. Chromium holds a form to the policy through all redirects that
    /// follow, those of the client's site included: so this is about schemes, not about hosts.
    Client {
        redirect_uri: &'a str,
    },
}

/// A page without a script.
pub(crate) fn page(
    status: StatusCode,
    title: &str,
    target: FormTarget<'_>,
    body: &Markup,
) -> Answer {
    let document = document(title, "", &html! {}, body);
    answer(status, document, security_policy(target))
}

/// A wide page with the script of the demonstration, which may send requests to this server only.
pub(crate) fn page_with_script(status: StatusCode, title: &str, body: &Markup) -> Answer {
    let script = html! { script src=(assets::SCRIPT_PATH) defer {} };
    let document = document(title, "wide", &script, body);
    let style = &*STYLE_HASH;
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; img-src 'self'; script-src 'self'; \
         connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
    );
    answer(status, document, header_value(&policy))
}

fn document(title: &str, class: &str, script: &Markup, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) " · Example Authorization Server" }
                style { (PreEscaped(STYLE)) }
                (script)
            }
            body class=(class) {
                header { "Example Authorization Server" }
                main { (body) }
                footer { "This is a demonstration: anybody can sign in as any user." }
            }
        }
    }
}

fn answer(status: StatusCode, document: Markup, policy: HeaderValue) -> Answer {
    let mut answer = Response::new(Full::from(document.into_string()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, NO_REFERRER);
    headers.insert(CACHE_CONTROL, NO_STORE);
    answer
}

fn security_policy(target: FormTarget<'_>) -> HeaderValue {
    let style = &*STYLE_HASH;
    let client = match target {
        FormTarget::Here => String::new(),
        FormTarget::Client { redirect_uri } => {
            let scheme = redirect_uri.split(':').next().unwrap_or_default();
            match scheme {
                "https" => " https:".to_owned(),
                other => format!(" https: {other}:"),
            }
        }
    };
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; img-src 'self'; form-action 'self'{client}; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    header_value(&policy)
}

fn header_value(policy: &str) -> HeaderValue {
    // A redirect URI is ASCII, so this does not fail. If it failed, the page could do nothing at all.
    let nothing = HeaderValue::from_static("default-src 'none'; form-action 'none'");
    HeaderValue::from_str(policy).unwrap_or(nothing)
}
