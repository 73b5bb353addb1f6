use super::{
    error::RedirectUriError,
    policy::RedirectUriPolicy,
    private_use::{is_never_allowed, is_reverse_domain},
};
use crate::uri::{Authority, LOOPBACK_HOSTS, UriParts};

/// The kind of a redirect URI: where it leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// https to a site ("claimed" in RFC 8252 section 7.2), away from the user's device.
    Claimed,
    /// https or http to the user's own device.
    Loopback { https: bool },
    /// A private-use scheme (RFC 8252 section 7.1).
    PrivateUse,
}

impl Kind {
    /// The kind of the redirect URI in `text`, if `policy` allows it.
    pub(super) fn of(text: &str, policy: &RedirectUriPolicy) -> Result<Self, RedirectUriError> {
        if text.len() > policy.max_bytes {
            return Err(RedirectUriError::TooLong);
        }
        let parts = UriParts::read(text)?;
        if parts.has_fragment {
            return Err(RedirectUriError::Fragment);
        }
        if text.contains('*') {
            return Err(RedirectUriError::Wildcard);
        }
        if parts.has_dot_segment() {
            return Err(RedirectUriError::DotSegment);
        }
        let kind = match &parts.authority {
            Some(authority) if parts.is_https() => https(authority, policy)?,
            Some(authority) if parts.is_http() => http(authority)?,
            _ => private_use(&parts, policy)?,
        };
        parts.check_second_opinion()?;
        Ok(kind)
    }

    /// The kind of a stored client's redirect URI, by its structure alone.
    pub(super) fn of_stored(text: &str) -> Result<Self, RedirectUriError> {
        let parts = UriParts::read(text)?;
        if parts.has_fragment {
            return Err(RedirectUriError::Fragment);
        }
        let (is_https, is_http) = (parts.is_https(), parts.is_http());
        match &parts.authority {
            Some(authority) if is_https && authority.is_loopback() => {
                Ok(Self::Loopback { https: true })
            }
            Some(authority) if is_https && !authority.host.is_empty() => Ok(Self::Claimed),
            Some(authority) if is_http => http(authority),
            _ if is_https || is_http => Err(RedirectUriError::Host),
            _ => Ok(Self::PrivateUse),
        }
    }
}

fn https(authority: &Authority<'_>, policy: &RedirectUriPolicy) -> Result<Kind, RedirectUriError> {
    let host = authority.classify()?;
    if host.is_loopback() {
        return Ok(Kind::Loopback { https: true });
    }
    if host.is_single_label() && !policy.single_label_hosts {
        return Err(RedirectUriError::SingleLabelHost);
    }
    Ok(Kind::Claimed)
}

/// Checks http, which is allowed to loopback hosts only (RFC 8252 section 7.3, and `localhost`).
fn http(authority: &Authority<'_>) -> Result<Kind, RedirectUriError> {
    if LOOPBACK_HOSTS.contains(&authority.host) {
        return Ok(Kind::Loopback { https: false });
    }
    authority.classify()?;
    Err(RedirectUriError::HttpNotLoopback)
}

/// Checks a private-use scheme: the reversed domain name of the application's owner
/// (RFC 8252 section 7.1), or a scheme that the policy lists.
fn private_use(parts: &UriParts<'_>, policy: &RedirectUriPolicy) -> Result<Kind, RedirectUriError> {
    let scheme = parts.scheme;
    if parts.is_https() || parts.is_http() {
        // Without `//` there is no host.
        return Err(RedirectUriError::Host);
    }
    let is_allowed = is_reverse_domain(scheme) || policy.lists(scheme);
    if !is_allowed || is_never_allowed(scheme) {
        return Err(RedirectUriError::SchemeNotAllowed);
    }
    let has_host = parts
        .authority
        .is_some_and(|authority| !authority.host.is_empty());
    if !has_host && parts.path.is_empty() && parts.query.unwrap_or_default().is_empty() {
        return Err(RedirectUriError::NotAbsolute);
    }
    match &parts.authority {
        Some(authority) if has_host => {
            authority.classify()?;
            authority.check_second_opinion_of_host()?;
        }
        Some(_) => {}
        None => check_first_segment(parts.path)?,
    }
    // Some parsers percent-encode an apostrophe in a query, others leave it.
    if parts.query.is_some_and(|query| query.contains('\'')) {
        return Err(RedirectUriError::Ambiguous);
    }
    Ok(Kind::PrivateUse)
}

/// Checks the part before the first slash of a URI without `//`: a parser could mistake it for a user name
/// or a port. A parser that expects a host instead of a scheme reads `com.example.app:8080` as host and
/// port. A parser that looks for an authority reads `com.example.app:user@evil.example` as user and host.
fn check_first_segment(path: &str) -> Result<(), RedirectUriError> {
    let first = path.split('/').next().unwrap_or_default();
    if first.contains('@') {
        return Err(RedirectUriError::Userinfo);
    }
    if !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(RedirectUriError::Ambiguous);
    }
    Ok(())
}
