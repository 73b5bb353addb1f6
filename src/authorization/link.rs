use std::fmt;

use crate::{
    authorization::{AuthorizationResponse, Delivery},
    redirect_uri::{Destination, RedirectUri},
};

/// A link on a page that leads the user back to the client. It tells the client why the request is refused
/// (`error`, `error_description`, `state` and `iss`).
///
/// Only the user may follow the link, by pressing it. Anybody can register a client, so a server that follows these
/// links by itself is an open redirector (RFC 9700 section 4.11.2). That is why a link is not an
/// [`AuthorizationResponse`], which the host sends.
///
/// ```
/// use oauth_dcr::authorization::{LinkTarget, ReturnLink};
///
/// /// `escape` makes text safe in an attribute.
/// fn html(link: &ReturnLink, escape: impl Fn(&str) -> String) -> String {
///     match link.target() {
///         LinkTarget::Anchor(uri) => {
///             format!(r#"<a href="{}" rel="noreferrer">Return</a>"#, escape(&uri))
///         }
///         LinkTarget::Form { action, fields } => {
///             let fields = fields.into_iter().map(|(name, value)| {
///                 format!(r#"<input type="hidden" name="{name}" value="{}">"#, escape(value))
///             });
///             format!(
///                 r#"<form method="post" action="{}">{}<button>Return</button></form>"#,
///                 escape(action),
///                 fields.collect::<String>(),
///             )
///         }
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnLink {
    response: AuthorizationResponse,
    redirect_uri: RedirectUri,
}

/// The HTML element for a [`ReturnLink`]. Escape every text, as always in HTML.
#[derive(Clone, PartialEq, Eq)]
pub enum LinkTarget<'a> {
    /// An anchor (`<a href>`) to this URI. The scheme is https, http on a loopback host, or a private-use scheme
    /// that was registered. It is never `javascript:`.
    Anchor(String),
    /// A form with a button, for a client that asked for `response_mode=form_post`. The page's content security
    /// policy has to allow forms that are sent to the scheme of `action` (`form-action`).
    Form {
        /// The URI that the form is posted to.
        action: &'a str,
        /// Names and values of the hidden fields.
        fields: Vec<(&'static str, &'a str)>,
    },
}

impl ReturnLink {
    pub(super) const fn new(response: AuthorizationResponse, redirect_uri: RedirectUri) -> Self {
        Self {
            response,
            redirect_uri,
        }
    }

    /// Where the link leads. Show this beside the link.
    pub fn destination(&self) -> Destination<'_> {
        self.redirect_uri.destination()
    }

    /// What to put on the page.
    pub fn target(&self) -> LinkTarget<'_> {
        match self.response.delivery() {
            Delivery::Redirect(uri) => LinkTarget::Anchor(uri),
            Delivery::Form => LinkTarget::Form {
                action: self.response.redirect_uri(),
                fields: self.response.parameters().collect(),
            },
        }
    }
}

/// Shows no value: `state` is the client's secret.
impl fmt::Debug for LinkTarget<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anchor(_) => f.debug_tuple("Anchor").finish_non_exhaustive(),
            Self::Form { action, .. } => f
                .debug_struct("Form")
                .field("action", action)
                .finish_non_exhaustive(),
        }
    }
}
