use super::{
    error::RedirectUriError,
    policy::RedirectUriPolicy,
    private_use::{is_never_allowed, is_reverse_domain},
};
use crate::uri::{Authority, LOOPBACK_HOSTS, UriParts};

/// Where a redirect URI leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// https, away from the user's device.
    Claimed,
    /// https or http, to the user's own device.
    Loopback { https: bool },
    /// A private-use scheme (RFC 8252 section 7.1).
    PrivateUse,
}

impl Kind {
    /// Where `text` leads, if it is a redirect URI that `policy` allows.
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

    /// Where the redirect URI of a stored client leads: by its structure alone.
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

/// RFC 8252 section 7.3, and `localhost`.
fn http(authority: &Authority<'_>) -> Result<Kind, RedirectUriError> {
    if LOOPBACK_HOSTS.contains(&authority.host) {
        return Ok(Kind::Loopback { https: false });
    }
    authority.classify()?;
    Err(RedirectUriError::HttpNotLoopback)
}

/// RFC 8252 section 7.1: a domain name of the application's owner, reversed.
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
    let has_host = parts.authority.is_some_and(|it| !it.host.is_empty());
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

/// Without `//`, what stands before the first slash is no user name and no port. A parser that takes
/// the scheme for a host reads `com.example.app:8080` as host and port, and one that looks for an
/// authority reads `com.example.app:user@evil.example` as user and host.
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
