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

use crate::answers::{Answer, NO_REFERRER, NO_STORE};

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

pub(crate) fn page(
    status: StatusCode,
    title: &str,
    target: FormTarget<'_>,
    body: &Markup,
) -> Answer {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) " · Example Authorization Server" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header { "Example Authorization Server" }
                main { (body) }
                footer { "A demonstration. Nobody is who they seem, and nothing here is secret." }
            }
        }
    };
    let mut answer = Response::new(Full::from(document.into_string()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(CONTENT_SECURITY_POLICY, security_policy(target));
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
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'{client}; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    // A redirect URI is ASCII, so this does not fail; if it did, nothing would be allowed at all.
    let nothing = HeaderValue::from_static("default-src 'none'; form-action 'none'");
    HeaderValue::from_str(&policy).unwrap_or(nothing)
}
