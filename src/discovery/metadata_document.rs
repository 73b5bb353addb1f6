use crate::settings::Issuer;

const OAUTH: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";

/// Which metadata document of an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MetadataDocument {
    /// `oauth-authorization-server` (RFC 8414 section 3).
    OAuth,
    /// `openid-configuration` (OpenID Connect Discovery section 4).
    OpenId,
}

impl MetadataDocument {
    /// The document that a request for `path` is about, and the path of its issuer, as
    /// [`Issuer::path`] gives it. `None` if it is about neither document.
    ///
    /// `path` is that of the request as it came, still percent-encoded. The issuer need not exist:
    /// look for the tenant that has it. A slash at the end is not looked at.
    ///
    /// ```
    /// use oauth_dcr::{discovery::MetadataDocument, TenantSettings};
    ///
    /// fn asked_for<'t>(
    ///     tenants: &'t [TenantSettings],
    ///     path: &str,
    /// ) -> Option<(MetadataDocument, &'t TenantSettings)> {
    ///     let (document, issuer_path) = MetadataDocument::at(path)?;
    ///     let mut tenants = tenants.iter();
    ///     let is_it = |tenant: &&TenantSettings| {
    ///         let issuer = tenant.issuer.as_ref();
    ///         issuer.is_some_and(|issuer| issuer.path() == issuer_path)
    ///     };
    ///     Some((document, tenants.find(is_it)?))
    /// }
    /// # use oauth_dcr::settings::Issuer;
    /// # let mut acme = TenantSettings::new();
    /// # acme.issuer = Some(Issuer::parse("https://auth.example.com/tenants/acme")?);
    /// # let tenants = [acme];
    /// let path = "/.well-known/oauth-authorization-server/tenants/acme";
    /// let (document, _) = asked_for(&tenants, path).ok_or("no such document")?;
    /// assert_eq!(document, MetadataDocument::OAuth);
    /// assert_eq!(asked_for(&tenants, "/.well-known/oauth-authorization-server"), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn at(path: &str) -> Option<(Self, &str)> {
        let inserted =
            |(document, prefix)| Some((document, issuer_path(path.strip_prefix(prefix)?)?));
        let inserted = [(Self::OAuth, OAUTH), (Self::OpenId, OPENID)]
            .into_iter()
            .find_map(inserted);
        inserted.or_else(|| {
            // RFC 8414 appends nothing; OpenID Connect Discovery does nothing else.
            let before = path.trim_end_matches('/').strip_suffix(OPENID)?;
            Some((Self::OpenId, issuer_path(before)?))
        })
    }
}

/// `text` as the path of an issuer: nothing, or something after a slash.
fn issuer_path(text: &str) -> Option<&str> {
    let path = text.trim_end_matches('/');
    (path.is_empty() || path.starts_with('/')).then_some(path)
}

impl Issuer {
    /// The paths at which clients look for its metadata documents, for the routes of a server: for an
    /// issuer with a path three, since RFC 8414 section 3.1 puts that at the end and OpenID Connect
    /// Discovery section 4.1 at the beginning, and clients do either for the OpenID document. Without
    /// one, the two are the same.
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
