use crate::settings::Issuer;

const OAUTH: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";

/// A metadata document of an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MetadataDocument {
    /// `oauth-authorization-server` (RFC 8414 section 3).
    OAuth,
    /// `openid-configuration` (OpenID Connect Discovery section 4).
    OpenId,
}

impl MetadataDocument {
    /// The document that `path` names, and the path of its issuer in the form of [`Issuer::path`]. `None` if
    /// `path` names no metadata document.
    ///
    /// `path` is the path of a request, still percent-encoded. The issuer may not exist, so look for the
    /// tenant with this issuer. A slash at the end is ignored.
    ///
    /// ```
    /// use oauth_dcr::{discovery::MetadataDocument, TenantSettings};
    ///
    /// fn requested<'t>(
    ///     tenants: &'t [TenantSettings],
    ///     path: &str,
    /// ) -> Option<(MetadataDocument, &'t TenantSettings)> {
    ///     let (document, issuer_path) = MetadataDocument::at(path)?;
    ///     let mut tenants = tenants.iter();
    ///     let has_issuer = |tenant: &&TenantSettings| {
    ///         let issuer = tenant.issuer.as_ref();
    ///         issuer.is_some_and(|issuer| issuer.path() == issuer_path)
    ///     };
    ///     Some((document, tenants.find(has_issuer)?))
    /// }
    /// # use oauth_dcr::settings::Issuer;
    /// # let mut acme = TenantSettings::new();
    /// # acme.issuer = Some(Issuer::parse("https://auth.example.com/tenants/acme")?);
    /// # let tenants = [acme];
    /// let path = "/.well-known/oauth-authorization-server/tenants/acme";
    /// let (document, _) = requested(&tenants, path).ok_or("no such document")?;
    /// assert_eq!(document, MetadataDocument::OAuth);
    /// assert_eq!(requested(&tenants, "/.well-known/oauth-authorization-server"), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn at(path: &str) -> Option<(Self, &str)> {
        let inserted =
            |(document, prefix)| Some((document, issuer_path(path.strip_prefix(prefix)?)?));
        let inserted = [(Self::OAuth, OAUTH), (Self::OpenId, OPENID)]
            .into_iter()
            .find_map(inserted);
        inserted.or_else(|| {
            // RFC 8414 never appends the well-known part, but OpenID Connect Discovery always does.
            let before = path.trim_end_matches('/').strip_suffix(OPENID)?;
            Some((Self::OpenId, issuer_path(before)?))
        })
    }
}

/// `text` as the path of an issuer, if it is empty or begins with a slash.
fn issuer_path(text: &str) -> Option<&str> {
    let path = text.trim_end_matches('/');
    (path.is_empty() || path.starts_with('/')).then_some(path)
}

impl Issuer {
    /// The paths at which clients look for the metadata documents of this issuer, for the routes of a server.
    ///
    /// For an issuer with a path, there are three: RFC 8414 section 3.1 puts the issuer's path at the end,
    /// OpenID Connect Discovery section 4.1 puts it at the beginning, and clients try both for the OpenID
    /// document. For an issuer without a path, there are two.
    ///
    /// ```
    /// use oauth_dcr::settings::Issuer;
    ///
    /// let issuer = Issuer::parse("https://auth.example.com/tenants/acme")?;
    /// let paths = [
    ///     "/.well-known/oauth-authorization-server/tenants/acme",
    ///     "/.well-known/openid-configuration/tenants/acme",
    ///     "/tenants/acme/.well-known/openid-configuration",
    /// ];
    /// assert_eq!(issuer.well_known_paths(), paths);
    /// # Ok::<(), oauth_dcr::settings::InvalidIssuer>(())
    /// ```
    pub fn well_known_paths(&self) -> Vec<String> {
        let path = self.path();
        let mut paths = vec![format!("{OAUTH}{path}"), format!("{OPENID}{path}")];
        if !path.is_empty() {
            paths.push(format!("{path}{OPENID}"));
        }
        paths
    }
}
