use crate::{
    redirect_uri::{Destination, RedirectUri, RedirectUriError, RedirectUriPolicy},
    registration::{
        Field, MetadataError, MetadataFault,
        apply::length::{BYTES, too_long},
    },
    settings::{RefusedRedirectUris, RegistrationSettings},
    types::ApplicationType,
};

/// Checks the redirect URIs (RFC 7591 section 2, RFC 8252 section 7). [`RedirectUri::parse`] has the rules for
/// a single URI.
pub(super) fn redirect_uris(
    texts: Option<Vec<String>>,
    suits: impl Fn(&RedirectUri) -> Result<(), MetadataFault>,
    settings: &RegistrationSettings,
) -> Result<Box<[RedirectUri]>, MetadataError> {
    let texts = texts.unwrap_or_default();
    let max = settings.redirect_uris.max;
    if texts.len() > max {
        return Err(MetadataError::new(
            Field::RedirectUris,
            MetadataFault::TooMany { max },
        ));
    }
    let mut accepted: Vec<RedirectUri> = Vec::with_capacity(texts.len());
    let mut first_refusal = None;
    for (index, text) in texts.into_iter().enumerate() {
        match redirect_uri(text, &settings.redirect_uris, &suits) {
            Ok(uri) if accepted.contains(&uri) => {}
            Ok(uri) => accepted.push(uri),
            Err(fault) => {
                let refusal = MetadataError::at(Field::RedirectUris, index, fault);
                if settings.refused_redirect_uris == RefusedRedirectUris::Reject {
                    return Err(refusal);
                }
                first_refusal.get_or_insert(refusal);
            }
        }
    }
    match (accepted.is_empty(), first_refusal) {
        (false, _) => Ok(accepted.into_boxed_slice()),
        (true, Some(refusal)) => Err(refusal),
        (true, None) => Err(MetadataError::new(
            Field::RedirectUris,
            MetadataFault::Required,
        )),
    }
}

fn redirect_uri(
    text: String,
    policy: &RedirectUriPolicy,
    suits: impl Fn(&RedirectUri) -> Result<(), MetadataFault>,
) -> Result<RedirectUri, MetadataFault> {
    let uri = RedirectUri::parse(text, policy).map_err(|error| match error {
        RedirectUriError::TooLong => too_long(policy.max_bytes, BYTES),
        error => error.into(),
    })?;
    suits(&uri)?;
    Ok(uri)
}

/// Checks whether the client may use the redirect URI (OpenID Connect Registration section 2,
/// `application_type`).
///
/// Development tools register as `web` with loopback redirect URIs. So loopback hosts are refused only with the
/// implicit grant. With this grant, private-use schemes are refused too, whatever the `application_type`.
pub(super) fn check_use(
    uri: &RedirectUri,
    application_type: Option<ApplicationType>,
    keeps_implicit: bool,
    policy: &RedirectUriPolicy,
) -> Result<(), MetadataFault> {
    let is_web = application_type == Some(ApplicationType::Web);
    if is_web
        && let Destination::App(scheme) = uri.destination()
        && !policy.lists(scheme)
    {
        return Err(MetadataFault::NotForWebApplication);
    }
    if keeps_implicit && !uri.suits_implicit_grant() {
        return Err(MetadataFault::NotForImplicitGrant);
    }
    Ok(())
}
