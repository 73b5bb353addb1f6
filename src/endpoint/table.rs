//! The table of status codes and error codes for every outcome.
//!
//! Statuses and codes come from RFC 7591 section 3.2.2, RFC 6749 and RFC 6585. These specifications leave some codes
//! open, which are chosen here: for a tenant that is unknown or has not enabled registration, for a request that an
//! access control list blocks, for a used-up quota, for a failure, and for an error that is found before the metadata
//! is read.

use http::StatusCode;

use crate::{error::RegistrationError, registration::Field, token::TokenError};

/// The form of an error on the wire.
pub(super) struct WireError {
    pub(super) status: StatusCode,
    /// The `error` member.
    pub(super) code: &'static str,
    /// The `error_detail` member, for programs.
    pub(super) detail: Option<ErrorDetail>,
}

/// The field at fault, the index of its value, and the rule. It never contains the client's own text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub(super) struct ErrorDetail {
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    rule: &'static str,
}

impl WireError {
    /// The row for `error`.
    pub(super) fn of(error: &RegistrationError) -> Self {
        use RegistrationError as E;
        let (status, code) = match error {
            E::UnknownTenant => (StatusCode::NOT_FOUND, "not_found"),
            E::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "invalid_request"),
            E::NotEnabled
            | E::Blocked { .. }
            | E::SourceUnknown { .. }
            | E::SignalUnreadable { .. } => (StatusCode::FORBIDDEN, "access_denied"),
            E::Redirected { .. } => (StatusCode::FOUND, "redirect"),
            E::InitialAccessTokenRequired | E::InvalidInitialAccessToken => {
                (StatusCode::UNAUTHORIZED, "invalid_token")
            }
            E::TooManyInvalidTokens { .. }
            | E::TooManyRequestsFromSource { .. }
            | E::TooManyRequests { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"),
            E::BodyTooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "invalid_request"),
            E::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_request"),
            E::BodyTimeout => (StatusCode::REQUEST_TIMEOUT, "invalid_request"),
            E::InvalidHost | E::BodyIncomplete | E::Decode(_) => {
                (StatusCode::BAD_REQUEST, "invalid_request")
            }
            E::Metadata(error) => match error.field() {
                Field::RedirectUris => (StatusCode::BAD_REQUEST, "invalid_redirect_uri"),
                _ => (StatusCode::BAD_REQUEST, "invalid_client_metadata"),
            },
            E::TooManyClients => (StatusCode::FORBIDDEN, "too_many_entities"),
            E::NoPeerAddress { .. }
            | E::SignalUnavailable { .. }
            | E::Backend(_)
            | E::Random(_)
            | E::NoFreeId => (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable"),
        };
        Self {
            status,
            code,
            detail: detail(error),
        }
    }

    /// The challenge for `WWW-Authenticate` (RFC 6750 section 3). It names no error if the request did not try to
    /// authenticate.
    pub(super) const fn challenge(error: &RegistrationError) -> Option<&'static str> {
        match error {
            RegistrationError::InitialAccessTokenRequired => Some("Bearer"),
            RegistrationError::InvalidInitialAccessToken => Some(r#"Bearer error="invalid_token""#),
            _ => None,
        }
    }
}

/// The status for `error` (RFC 6749 section 5.2).
pub(super) const fn token_status(error: TokenError) -> StatusCode {
    match error {
        TokenError::InvalidClient(_) => StatusCode::UNAUTHORIZED,
        TokenError::TooLarge
        | TokenError::Unreadable
        | TokenError::Device(_)
        | TokenError::Repeated { .. }
        | TokenError::Missing { .. }
        | TokenError::UnsupportedGrantType
        | TokenError::GrantNotRegistered
        | TokenError::InvalidGrant(_)
        | TokenError::Access(_) => StatusCode::BAD_REQUEST,
    }
}

fn detail(error: &RegistrationError) -> Option<ErrorDetail> {
    Some(ErrorDetail {
        field: error.field().map(Field::as_str),
        index: error.index(),
        rule: error.rule()?,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::error::one_of_each;

    #[test]
    fn the_observability_page_lists_each_error() {
        let page = include_str!("../guide/observability.md");
        let (_, table) = page.split_once("| `error` | status |").unwrap();
        let rows: Vec<&str> = table
            .lines()
            .skip(2)
            .take_while(|line| line.starts_with('|'))
            .collect();
        let errors = one_of_each();
        let kinds: BTreeSet<_> = errors.iter().map(RegistrationError::kind).collect();
        assert_eq!(rows.len(), kinds.len());
        // A missing peer address shares the kind of other signals that are unavailable.
        assert_eq!(errors.len(), kinds.len() + 1);
        let failures = errors.iter().filter(|error| error.is_failure());
        let failures = failures.map(RegistrationError::kind);
        let failures = failures.collect::<BTreeSet<_>>().len();
        for error in errors {
            let sent = WireError::of(&error);
            let (kind, status) = (error.kind(), sent.status.as_u16());
            let row = format!("| `{kind}` | {status} | `{}`", sent.code);
            let at = rows.iter().position(|line| line.starts_with(&row));
            let at = at.unwrap_or_else(|| panic!("{row}"));
            assert_eq!(error.is_failure(), at + failures >= rows.len(), "{row}");
        }
    }
}
