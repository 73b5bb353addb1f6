use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::{
    authorization::{
        AuthorizationError,
        target::{separator, without_response_parameters},
    },
    settings::Issuer,
    types::ResponseType,
};

/// How the parameters of a response get to the client (OAuth 2.0 Multiple Response Type Encoding Practices,
/// Form Post Response Mode).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    Query,
    /// In the fragment of the redirect URI.
    Fragment,
    /// In a form that the user's browser posts to the redirect URI.
    FormPost,
}

impl ResponseMode {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "query" => Some(Self::Query),
            "fragment" => Some(Self::Fragment),
            "form_post" => Some(Self::FormPost),
            _ => None,
        }
    }
}

/// A response that goes to the client through the user's browser: a redirect or a form.
///
/// It contains the code, so `Debug` shows no values.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationResponse {
    redirect_uri: Box<str>,
    mode: ResponseMode,
    parameters: Vec<(&'static str, Zeroizing<String>)>,
}

/// The parameter `state` of the request.
#[derive(Clone, Copy)]
pub(super) enum State<'a> {
    /// The request has none.
    Absent,
    /// It occurs more than once, or could not be stored. It is not sent back.
    Unusable,
    /// It is sent back.
    Usable(&'a str),
}

impl<'a> From<Option<&'a str>> for State<'a> {
    fn from(state: Option<&'a str>) -> Self {
        state.map_or(Self::Absent, Self::Usable)
    }
}

/// How a response gets to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// By a redirect to this URI in a `Location` header. The URI is ASCII without spaces or control characters.
    /// Use status 303, so that the browser does not repeat a form that the user has posted
    /// (RFC 9700 section 4.12).
    Redirect(String),
    /// By a page with a form. The action is [`AuthorizationResponse::redirect_uri`], and the fields are
    /// [`AuthorizationResponse::parameters`]. Escape all of these texts.
    Form,
}

/// The code and the tokens that the host has issued for an approved request. The response leaves out what the
/// response type does not ask for.
#[derive(Clone, Default)]
pub struct Issued {
    code: Option<Zeroizing<String>>,
    access_token: Option<(Zeroizing<String>, Duration)>,
    id_token: Option<Zeroizing<String>>,
}

impl Issued {
    /// An authorization code. A strict client gets nothing else.
    pub fn code(code: impl Into<String>) -> Self {
        Self {
            code: Some(Zeroizing::new(code.into())),
            ..Self::default()
        }
    }

    /// Adds an access token that is valid for `lifetime`, for a permissive client.
    #[must_use]
    pub fn access_token(mut self, token: impl Into<String>, lifetime: Duration) -> Self {
        self.access_token = Some((Zeroizing::new(token.into()), lifetime));
        self
    }

    /// Adds an ID token, for a permissive client.
    #[must_use]
    pub fn id_token(mut self, token: impl Into<String>) -> Self {
        self.id_token = Some(Zeroizing::new(token.into()));
        self
    }

    /// The parameters of a response of this type (RFC 6749 sections 4.1.2 and 4.2.2, OpenID Connect Core
    /// section 3.3.2.5).
    pub(super) fn parameters(
        self,
        response_type: ResponseType,
        scope: &str,
    ) -> Vec<(&'static str, Zeroizing<String>)> {
        let asks_for = |word| response_type.as_str().split(' ').any(|part| part == word);
        let mut parameters = Vec::new();
        if let Some(code) = self.code.filter(|_| asks_for("code")) {
            parameters.push(("code", code));
        }
        if let Some((token, lifetime)) = self.access_token.filter(|_| asks_for("token")) {
            let plain = |text: &str| Zeroizing::new(text.to_owned());
            parameters.push(("access_token", token));
            parameters.push(("token_type", plain("Bearer")));
            parameters.push(("expires_in", plain(&lifetime.as_secs().to_string())));
            parameters.push(("scope", plain(scope)));
        }
        if let Some(token) = self.id_token.filter(|_| asks_for("id_token")) {
            parameters.push(("id_token", token));
        }
        parameters
    }
}

/// Shows no values: they are secret.
impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued").finish_non_exhaustive()
    }
}

impl AuthorizationResponse {
    /// A response with these parameters, then `state` and `iss` (RFC 9207 section 2), if there are any.
    pub(super) fn new(
        redirect_uri: &str,
        mode: ResponseMode,
        parameters: impl IntoIterator<Item = (&'static str, Zeroizing<String>)>,
        state: State<'_>,
        issuer: Option<&Issuer>,
    ) -> Self {
        let plain = |text: &str| Zeroizing::new(text.to_owned());
        let keeps_state = matches!(state, State::Absent);
        let state = match state {
            State::Usable(state) => Some(("state", plain(state))),
            State::Absent | State::Unusable => None,
        };
        let issuer = issuer.map(|issuer| ("iss", plain(issuer.as_str())));
        Self {
            redirect_uri: without_response_parameters(redirect_uri, keeps_state).into(),
            mode,
            parameters: parameters.into_iter().chain(state).chain(issuer).collect(),
        }
    }

    /// RFC 6749 section 4.1.2.1.
    pub(super) fn of_error(
        error: AuthorizationError,
        redirect_uri: &str,
        mode: ResponseMode,
        state: State<'_>,
        issuer: Option<&Issuer>,
    ) -> Self {
        let parameters = [
            ("error", Zeroizing::new(error.code().to_owned())),
            ("error_description", Zeroizing::new(error.to_string())),
        ];
        Self::new(redirect_uri, mode, parameters, state, issuer)
    }

    /// The URI that the response goes to. It is the redirect URI of the request, but its query has no parameters of
    /// a response (`code`, `error`, `iss` and the like, and `state` if the request has one). These are only in
    /// [`parameters`](Self::parameters), so the client reads each of them once.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// The names and values of the response. They include `iss` if the tenant's settings name an issuer.
    pub fn parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.parameters
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
    }

    /// How the response gets to the client: by a redirect, unless the client asked for `response_mode=form_post`.
    pub fn delivery(&self) -> Delivery {
        let separator = match self.mode {
            ResponseMode::Query => separator(&self.redirect_uri),
            ResponseMode::Fragment => "#",
            ResponseMode::FormPost => return Delivery::Form,
        };
        let mut location = String::with_capacity(self.redirect_uri.len().saturating_add(128));
        location.push_str(&self.redirect_uri);
        location.push_str(separator);
        let after = location.len();
        let mut query = form_urlencoded::Serializer::for_suffix(location, after);
        query.extend_pairs(self.parameters());
        Delivery::Redirect(query.finish())
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
