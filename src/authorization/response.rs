use std::fmt;

use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::{authorization::AuthorizationError, settings::Issuer};

/// How parameters get back to the client (OAuth 2.0 Multiple Response Type Encoding Practices,
/// Form Post Response Mode).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    Query,
    /// In its fragment.
    Fragment,
    /// In a form that the user's browser posts to it.
    FormPost,
}

impl ResponseMode {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "query" => Some(Self::Query),
            "fragment" => Some(Self::Fragment),
            "form_post" => Some(Self::FormPost),
            _ => None,
        }
    }
}

/// An answer that goes back to the client through the user's browser: a redirect or a form.
///
/// It holds the code, so `Debug` shows no value.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationResponse {
    redirect_uri: Box<str>,
    mode: ResponseMode,
    parameters: Vec<(&'static str, String)>,
}

impl AuthorizationResponse {
    /// These parameters, then `state` and `iss` (RFC 9207 section 2), each if there is one.
    pub(super) fn new(
        redirect_uri: &str,
        mode: ResponseMode,
        parameters: impl IntoIterator<Item = (&'static str, String)>,
        state: Option<&str>,
        issuer: Option<&Issuer>,
    ) -> Self {
        let state = state.map(|state| ("state", state.to_owned()));
        let issuer = issuer.map(|issuer| ("iss", issuer.as_str().to_owned()));
        Self {
            redirect_uri: redirect_uri.into(),
            mode,
            parameters: parameters.into_iter().chain(state).chain(issuer).collect(),
        }
    }

    /// RFC 6749 section 4.1.2.1.
    pub(super) fn of_error(
        error: AuthorizationError,
        redirect_uri: &str,
        mode: ResponseMode,
        state: Option<&str>,
        issuer: Option<&Issuer>,
    ) -> Self {
        let parameters = [
            ("error", error.code().to_owned()),
            ("error_description", error.to_string()),
        ];
        Self::new(redirect_uri, mode, parameters, state, issuer)
    }

    /// How it gets there.
    pub const fn mode(&self) -> ResponseMode {
        self.mode
    }

    /// Where it goes: the `action` of the form, where the mode is
    /// [`FormPost`](ResponseMode::FormPost).
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// What it says, names and values: the fields of the form. Escape them there.
    pub fn parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.parameters
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
    }

    /// The URI to redirect to, for a `Location` header: ASCII without space or control. Answer with
    /// 303, so that nothing the user has posted is posted again (RFC 9700 section 4.12).
    ///
    /// `None` for [`ResponseMode::FormPost`], which is no redirect.
    pub fn location(&self) -> Option<String> {
        let separator = match self.mode {
            // The registered query stays, to the byte (RFC 6749 section 3.1.2).
            ResponseMode::Query if self.redirect_uri.contains('?') => '&',
            ResponseMode::Query => '?',
            ResponseMode::Fragment => '#',
            ResponseMode::FormPost => return None,
        };
        let mut location = String::with_capacity(self.redirect_uri.len() + 128);
        location.push_str(&self.redirect_uri);
        location.push(separator);
        let after = location.len();
        let mut query = form_urlencoded::Serializer::for_suffix(location, after);
        query.extend_pairs(self.parameters());
        Some(query.finish())
    }
}

impl fmt::Debug for AuthorizationResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationResponse")
            .field("redirect_uri", &self.redirect_uri)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}
