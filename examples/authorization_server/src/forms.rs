//! Forms, read up to a size limit.

use http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use url::form_urlencoded;
use zeroize::Zeroizing;

/// Why no form is available.
#[derive(Clone, Copy)]
pub(crate) enum FormFault {
    NotAForm,
    TooLarge,
    BrokenOff,
}

impl FormFault {
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::NotAForm => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BrokenOff => StatusCode::BAD_REQUEST,
        }
    }

    pub(crate) const fn description(self) -> &'static str {
        match self {
            Self::NotAForm => "the body must be application/x-www-form-urlencoded",
            Self::TooLarge => "the request is too large",
            Self::BrokenOff => "the body is incomplete",
        }
    }
}

/// The form in `body`, still encoded. At most `most` bytes are read. The form may hold secrets, so this
/// copy is overwritten when it is dropped.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: Incoming,
    most: usize,
) -> Result<Zeroizing<String>, FormFault> {
    if !is_form(headers) {
        return Err(FormFault::NotAForm);
    }
    match Limited::new(body, most).collect().await {
        // Text that is not UTF-8 matches no known value.
        Ok(whole) => Ok(String::from_utf8_lossy(&whole.to_bytes())
            .into_owned()
            .into()),
        Err(error) if error.is::<LengthLimitError>() => Err(FormFault::TooLarge),
        Err(_) => Err(FormFault::BrokenOff),
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let essence = media_type.and_then(|it| it.split(';').next());
    essence.is_some_and(|it| {
        let name = "application/x-www-form-urlencoded";
        it.trim().eq_ignore_ascii_case(name)
    })
}

/// The first value of `name` in a query or form; empty if there is none.
pub(crate) fn value(form: &str, name: &str) -> String {
    values(form, name).next().unwrap_or_default()
}

/// All values of `name`.
pub(crate) fn values<'a>(form: &'a str, name: &'a str) -> impl Iterator<Item = String> + 'a {
    form_urlencoded::parse(form.as_bytes())
        .filter(move |(own, _)| own == name)
        .map(|(_, value)| value.into_owned())
}
