//! Reads the signals of a request from its head.

use std::net::IpAddr;

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{FORWARDED, USER_AGENT},
    request::Parts,
};

use crate::{
    acl::{
        Asn, CountryCode, EdgeSignal, InvalidSignal, Ja3, Ja4, Peer, ProxyTrust, Reading, Signals,
        SubdivisionCode, UnknownReason, trimmed,
    },
    endpoint::{host, peer_address::PeerAddress},
    settings::{self, SignalHeaders, TenantSettings},
};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

impl<'a> Signals<'a> {
    /// Reads the signals of the request with this head, in the same way as the registration endpoint of `tenant`.
    /// Use it for the host's own endpoints, and for [`Registrar::explain`](crate::Registrar::explain).
    ///
    /// ```
    /// use oauth_dcr::{acl::Signals, PeerAddress, TenantSettings};
    ///
    /// let mut request = http::Request::get("/authorize").body(())?;
    /// request.extensions_mut().insert(PeerAddress("203.0.113.5".parse()?));
    /// let (head, ()) = request.into_parts();
    /// let signals = Signals::of_head(&head, &TenantSettings::new());
    /// assert_eq!(signals.source(), Some("203.0.113.5".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of_head(head: &'a Parts, tenant: &TenantSettings) -> Self {
        // The registration endpoint refuses a request with an invalid host before it evaluates rules.
        of(head, host::of(head).unwrap_or_default(), tenant)
    }
}

/// The signals of the request with this head, which was sent to `host`.
///
/// Signals that the host program put into the extensions as [`Signals<'static>`](Signals) come first. The head
/// supplies the others. Headers about the client are trusted only if the tenant's own proxies sent them.
pub(super) fn of<'a>(
    head: &'a Parts,
    host: Option<&'a str>,
    tenant: &TenantSettings,
) -> Signals<'a> {
    let headers = &head.headers;
    let from_host = head.extensions.get::<Signals<'static>>();
    let mut signals = from_host.copied().unwrap_or_default();
    let user_agent = user_agent(headers).map_or(Reading::Absent, Reading::Known);
    let hostname = host.map(settings::without_port);
    let hostname = hostname.map_or(Reading::Absent, Reading::Known);
    signals.user_agent = signals.user_agent.or(user_agent);
    signals.hostname = signals.hostname.or(hostname);

    let peer = head
        .extensions
        .get::<PeerAddress>()
        .map(|address| address.0);
    let peer = peer.or_else(|| signals.peer());
    let trust = tenant.proxy_trust();
    let edge = Edge {
        peer: trust.peer(peer),
        headers,
        names: &tenant.signal_headers,
    };
    if let Some(peer) = peer {
        signals = signals.connecting(peer);
    }
    // If the source is known, the host program has found the client's address itself.
    if signals.source == Reading::Unknown(UnknownReason::NoPeerAddress) {
        signals = edge.locate_client(signals, peer, trust);
    }
    if edge.peer != Peer::Stranger {
        signals = edge.add_to(signals);
    }
    if from_host.is_none() {
        signals = without_declared(signals, tenant);
    }
    signals
}

/// Marks signals as unknown that the host program declares but has not set: their absence is no fact about the
/// client.
fn without_declared<'a>(signals: Signals<'a>, tenant: &TenantSettings) -> Signals<'a> {
    let declared = tenant.signals_from_host.iter();
    declared.fold(signals, |signals, &signal| {
        match signals.reading(signal.into()) {
            Reading::Absent => signals.unknown(signal, UnknownReason::NoSource),
            Reading::Known(()) | Reading::Unknown(_) => signals,
        }
    })
}

/// The user agent. A client chooses it freely, so a user agent that can't be read counts as absent.
fn user_agent(headers: &HeaderMap) -> Option<&str> {
    let mut lines = headers.get_all(USER_AGENT).iter();
    match (lines.next(), lines.next()) {
        (Some(only), None) => str::from_utf8(only.as_bytes()).ok(),
        _ => None,
    }
}

/// The headers in which a tenant's proxies pass on what they know about a client.
struct Edge<'a> {
    peer: Peer,
    headers: &'a HeaderMap,
    names: &'a SignalHeaders,
}

impl Edge<'_> {
    /// Adds the client's address: the address of the peer, or the address that trusted proxies name.
    fn locate_client<'a>(
        &self,
        signals: Signals<'a>,
        peer: Option<IpAddr>,
        trust: ProxyTrust<'_>,
    ) -> Signals<'a> {
        let direct = peer.map_or(signals, |peer| signals.with_source(peer));
        if self.peer == Peer::Stranger {
            return direct;
        }
        let lines = |name| self.headers.get_all(name).iter().map(HeaderValue::as_bytes);
        let client = trust.client_address(peer, lines(X_FORWARDED_FOR), lines(FORWARDED));
        direct.forwarded(client)
    }

    /// Adds each signal that the edge sends and the host program has not set.
    fn add_to<'a>(&self, mut signals: Signals<'a>) -> Signals<'a> {
        let country = self.read(EdgeSignal::Country, CountryCode::parse);
        signals.country = signals.country.or(country);
        // Some edges send the subdivision without the country code, which they send separately.
        let subdivision = self.read(EdgeSignal::Subdivision, |text| match signals.country {
            Reading::Known(country) if !text.contains('-') => {
                SubdivisionCode::within(country, text)
            }
            _ => SubdivisionCode::parse(text),
        });
        signals.subdivision = signals.subdivision.or(subdivision);
        signals.asn = signals.asn.or(self.read(EdgeSignal::Asn, Asn::parse));
        signals.ja3 = signals.ja3.or(self.read(EdgeSignal::Ja3, Ja3::parse));
        signals.ja4 = signals.ja4.or(self.read(EdgeSignal::Ja4, Ja4::parse));
        signals
    }

    /// Reads a header. Only the last value of the last line comes from the edge: a proxy appends its value to the
    /// values that the client sent.
    fn read<T>(
        &self,
        signal: EdgeSignal,
        parse: impl FnOnce(&str) -> Result<T, InvalidSignal>,
    ) -> Reading<T> {
        let Some(name) = self.names.of(signal) else {
            return Reading::Absent;
        };
        if self.peer == Peer::Unknown {
            return Reading::Unknown(UnknownReason::NoPeerAddress);
        }
        let Some(line) = self.headers.get_all(name).iter().next_back() else {
            return Reading::Absent;
        };
        let last = line.as_bytes().rsplit(|byte| *byte == b',').next();
        let text = str::from_utf8(trimmed(last.unwrap_or_default()));
        let value = text.ok().and_then(|text| parse(text).ok());
        value.map_or(
            Reading::Unknown(UnknownReason::UnreadableHeader),
            Reading::Known,
        )
    }
}

#[cfg(all(test, feature = "memory"))]
mod tests;
