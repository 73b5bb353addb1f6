//! Reading what is known of a request from its head.

use std::net::IpAddr;

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{FORWARDED, HOST, USER_AGENT},
    request::Parts,
};

use crate::{
    acl::{Asn, CountryCode, ForwardedHeader, Ja3, Ja4, Signals, SubdivisionCode, client_address},
    settings::{self, SignalHeaders, TenantSettings},
};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address that a connection comes from. A server that knows it puts it into the extensions of
/// each request.
///
/// ```
/// use oauth_dcr::PeerAddress;
///
/// let mut request = http::Request::post("/oidc/register").body(())?;
/// request.extensions_mut().insert(PeerAddress("203.0.113.5".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);

/// The host that the request was sent to: of an absolute target or HTTP/2's `:authority`, else of
/// its one `Host` header (RFC 9112 section 3.3).
pub(super) fn host(head: &Parts) -> Option<&str> {
    if let Some(host) = head.uri.host() {
        return Some(host);
    }
    let mut values = head.headers.get_all(HOST).iter();
    match (values.next(), values.next()) {
        (Some(only), None) => only.to_str().ok(),
        _ => None,
    }
}

/// The signals of the request with this head. What proxies say is believed of the tenant's own only.
pub(super) fn of<'a>(head: &'a Parts, tenant: &TenantSettings) -> Signals<'a> {
    let mut signals = Signals::unknown();
    if let Some(user_agent) = text(head.headers.get(USER_AGENT)) {
        signals = signals.user_agent(user_agent);
    }
    if let Some(host) = host(head) {
        signals = signals.hostname(settings::without_port(host));
    }
    let Some(PeerAddress(peer)) = head.extensions.get().copied() else {
        return signals;
    };
    signals = signals.connecting(peer).with_source(peer);
    if !tenant.trusted_proxies.contains(peer) {
        return signals;
    }
    signals = signals.with_source(behind_proxies(peer, &head.headers, tenant));
    from_edge(signals, &head.headers, &tenant.signal_headers)
}

fn behind_proxies(peer: IpAddr, headers: &HeaderMap, tenant: &TenantSettings) -> IpAddr {
    let header = match tenant.forwarded_header {
        ForwardedHeader::Either if headers.contains_key(X_FORWARDED_FOR) => {
            ForwardedHeader::XForwardedFor
        }
        ForwardedHeader::Either => ForwardedHeader::Forwarded,
        chosen => chosen,
    };
    let name = match header {
        ForwardedHeader::Forwarded => FORWARDED,
        ForwardedHeader::Either | ForwardedHeader::XForwardedFor => X_FORWARDED_FOR,
    };
    // A line that is not text is a hop that is no address: it ends the walk.
    let lines = headers
        .get_all(name)
        .iter()
        .map(|value| text(Some(value)).unwrap_or("?"));
    client_address(peer, header, lines, &tenant.trusted_proxies)
}

/// Adds what the edge says in the headers that the tenant names. A value that is not of the form of
/// its signal is as good as none.
fn from_edge<'a>(
    mut signals: Signals<'a>,
    headers: &HeaderMap,
    names: &SignalHeaders,
) -> Signals<'a> {
    // A proxy that adds a line where a client had sent one adds it after the client's.
    let value = |name: &Option<settings::HeaderName>| {
        let mut lines = headers.get_all(name.as_ref()?.as_str()).iter();
        text(lines.next_back())
    };
    if let Some(Ok(country)) = value(&names.geo_country_code).map(CountryCode::parse) {
        signals = signals.country(country);
    }
    let subdivision = value(&names.geo_subdivision_code).map(|text| {
        // Some edges give the part alone, beside the country.
        match signals.country_code() {
            Some(country) if !text.contains('-') => SubdivisionCode::within(country, text),
            _ => SubdivisionCode::parse(text),
        }
    });
    if let Some(Ok(subdivision)) = subdivision {
        signals = signals.subdivision(subdivision);
    }
    if let Some(Ok(asn)) = value(&names.asn).map(Asn::parse) {
        signals = signals.asn(asn);
    }
    if let Some(Ok(fingerprint)) = value(&names.ja3_fingerprint).map(Ja3::parse) {
        signals = signals.ja3(fingerprint);
    }
    if let Some(Ok(fingerprint)) = value(&names.ja4_fingerprint).map(Ja4::parse) {
        signals = signals.ja4(fingerprint);
    }
    signals
}

fn text(value: Option<&HeaderValue>) -> Option<&str> {
    std::str::from_utf8(value?.as_bytes()).ok()
}
