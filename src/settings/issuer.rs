use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::redirect_uri::{Destination, RedirectPolicy, RedirectUri};

/// The issuer identifier of an authorization server (RFC 8414 section 2): an https URL without
/// query and fragment, or http on a loopback host while developing.
///
/// ```
/// use oauth_dcr::settings::Issuer;
///
/// assert!(Issuer::parse("https://auth.example.com/tenant").is_ok());
/// assert!(Issuer::parse("http://127.0.0.1:8080").is_ok());
/// assert!(Issuer::parse("http://auth.example.com").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Issuer(Box<str>);

/// A text is not an https URL without query and fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an issuer is an https URL without query and fragment, such as \"https://auth.example.com\"; http is \
     for loopback hosts only"
)]
pub struct InvalidIssuer;

impl Issuer {
    /// The issuer that `text` names.
    ///
    /// # Errors
    /// [`InvalidIssuer`] if it is anything else than an https (or loopback http) URL.
    pub fn parse(text: &str) -> Result<Self, InvalidIssuer> {
        // An issuer has to mean the same to every parser, as a redirect URI has.
        let policy = RedirectPolicy {
            single_label_hosts: true,
            ..RedirectPolicy::default()
        };
        let uri = RedirectUri::parse(text, &policy).map_err(|_| InvalidIssuer)?;
        if matches!(uri.destination(), Destination::App(_)) || text.contains('?') {
            return Err(InvalidIssuer);
        }
        Ok(Self(text.into()))
    }

    /// The issuer as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its path, empty for an issuer without one. A slash at the end is not part of it: with and
    /// without, the metadata documents are the same (RFC 8414 section 3.1, OpenID Connect Discovery
    /// section 4.1).
    ///
    /// ```
    /// use oauth_dcr::settings::Issuer;
    ///
    /// let issuer = Issuer::parse("https://auth.example.com/tenants/acme")?;
    /// assert_eq!(issuer.path(), "/tenants/acme");
    /// assert_eq!(Issuer::parse("https://auth.example.com/")?.path(), "");
    /// # Ok::<(), oauth_dcr::settings::InvalidIssuer>(())
    /// ```
    pub fn path(&self) -> &str {
        let authority_on = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let path = authority_on.find('/').and_then(|at| authority_on.get(at..));
        path.unwrap_or_default().trim_end_matches('/')
    }

    /// What all spellings of the same issuer have in common: letter case of scheme and host, a default port
    /// and slashes at the end make no difference to where its metadata is.
    pub(super) fn normalized(&self) -> String {
        let url = Url::parse(&self.0).map_or_else(|_| self.to_string(), String::from);
        url.trim_end_matches('/').to_owned()
    }

    /// The address of what stands at `path`, which begins with a slash, below the issuer.
    pub(crate) fn below(&self, path: &str) -> String {
        format!("{}{path}", self.0.trim_end_matches('/'))
    }
}

impl TryFrom<String> for Issuer {
    type Error = InvalidIssuer;

    fn try_from(text: String) -> Result<Self, InvalidIssuer> {
        Self::parse(&text)
    }
}

impl From<Issuer> for String {
    fn from(issuer: Issuer) -> Self {
        issuer.0.into_string()
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
