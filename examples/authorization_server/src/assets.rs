//! Files that pages load: the script of the home page and the icon.

use bytes::Bytes;
use http::{
    HeaderValue, Response,
    header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
};
use http_body_util::Full;

use crate::answers::Answer;

/// The address of the script.
pub(crate) const SCRIPT_PATH: &str = "/demonstration.js";

/// The address where browsers look for an icon by themselves.
pub(crate) const ICON_PATH: &str = "/favicon.ico";

/// The file at this path.
pub(crate) fn file(path: &str) -> Option<Answer> {
    match path {
        SCRIPT_PATH => Some(answer(
            include_str!("demonstration.js"),
            "text/javascript; charset=utf-8",
        )),
        ICON_PATH => Some(answer(include_str!("icon.svg"), "image/svg+xml")),
        _ => None,
    }
}

fn answer(content: &'static str, media_type: &'static str) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from_static(content.as_bytes())));
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // A server that is built anew may have another script.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer
}
