//! How three parsers read the accepted URIs: every pair of ASCII bytes at every position of a few
//! templates.
//!
//! `url` follows the URL standard, `fluent-uri` follows RFC 3986, and `http::Uri` accepts the
//! request targets that servers accept.

use std::net::Ipv6Addr;

use fluent_uri::pct_enc::EStr;
use oauth_dcr::{redirect_uri::RedirectUri, types::WebUri};

use crate::properties::wide_policy;

/// How many texts were accepted, and how many of them each parser could read.
#[derive(Debug, Default)]
struct Counts {
    accepted: usize,
    read_by_http: usize,
}

/// Calls `accepts` for `template` with every pair of ASCII bytes at every position, and compares
/// how the parsers read each accepted text.
fn compare_all(template: &str, accepts: impl Fn(&str) -> bool, likeness: Likeness) -> Counts {
    let mut counts = Counts::default();
    for at in 0..template.len() - 1 {
        let mut bytes = template.as_bytes().to_vec();
        for pair in 0..1_u16 << 14 {
            bytes[at] = u8::try_from(pair >> 7).unwrap();
            bytes[at + 1] = u8::try_from(pair & 0x7f).unwrap();
            let text = str::from_utf8(&bytes).unwrap();
            if accepts(text) {
                counts.accepted += 1;
                counts.read_by_http += usize::from(compare(text, likeness));
            }
        }
    }
    counts
}

/// Which differences in path and query are allowed.
#[derive(Clone, Copy, PartialEq)]
enum Likeness {
    /// No difference: a redirect URI is compared as text.
    Exact,
    /// The equivalences of RFC 3986 section 6.2.2, and the apostrophe in a query, which the URL
    /// standard writes as `%27`: an address for people only has to lead to the same page.
    Equivalent,
}

/// Compares the readings of `text`, and returns whether `http::Uri` could be compared as well.
#[track_caller]
fn compare(text: &str, likeness: Likeness) -> bool {
    let by_rfc = fluent_uri::Uri::parse(text).expect(text);
    let scheme = by_rfc.scheme().as_str().to_ascii_lowercase();
    let authority = by_rfc.authority();
    let host = authority.map_or("", |it| it.host());
    let port = authority.and_then(|it| it.port_to_u16().expect(text));
    let path = by_rfc.path().as_str();
    let query = by_rfc.query().map(EStr::as_str);
    assert!(authority.is_none_or(|it| !it.has_userinfo()), "{text}");

    let by_whatwg = url::Url::parse(text).expect(text);
    let has_user = !by_whatwg.username().is_empty() || by_whatwg.password().is_some();
    assert!(!has_user, "{text}");
    assert_eq!(by_whatwg.scheme(), scheme, "{text}");
    assert!(
        is_same_host(by_whatwg.host_str().unwrap_or_default(), host),
        "{text}"
    );
    let default = match scheme.as_str() {
        "https" => Some(443),
        "http" => Some(80),
        _ => None,
    };
    assert_eq!(by_whatwg.port().or(default), port.or(default), "{text}");
    if likeness == Likeness::Exact {
        assert_eq!(or_slash(by_whatwg.path()), or_slash(path), "{text}");
        assert_eq!(by_whatwg.query(), query, "{text}");
        assert_eq!(by_whatwg.fragment(), None, "{text}");
    } else {
        let other = by_whatwg.as_str().replace("%27", "'");
        let other = fluent_uri::Uri::parse(other).unwrap().normalize();
        let own = text.replace("%27", "'");
        let own = fluent_uri::Uri::parse(own).unwrap().normalize();
        let paths = [&other, &own].map(|uri| or_slash(uri.path().as_str()));
        assert_eq!(paths[0], paths[1], "{text}");
        assert_eq!(other.query(), own.query(), "{text}");
    }

    let by_http = text.parse::<http::Uri>();
    if host.is_empty() {
        // A request target without a host has no scheme. `http::Uri` therefore refuses the text, or
        // reads the part before the path as a host, and there is no form to compare. It must find
        // neither a port nor a user name in the text.
        if let Ok(target) = by_http {
            assert_eq!(target.scheme(), None, "{text}");
            assert_eq!(target.path_and_query(), None, "{text}");
            assert_eq!(target.port(), None, "{text}");
            assert!(
                !target.authority().unwrap().as_str().contains('@'),
                "{text}"
            );
        }
        return false;
    }
    let by_http = by_http.expect(text);
    let authority = by_http.authority().expect(text);
    assert!(!authority.as_str().contains('@'), "{text}");
    assert!(
        by_http
            .scheme_str()
            .is_some_and(|it| it.eq_ignore_ascii_case(&scheme)),
        "{text}"
    );
    assert!(is_same_host(authority.host(), host), "{text}");
    assert_eq!(authority.port_u16(), port, "{text}");
    assert_eq!(by_http.path(), or_slash(path), "{text}");
    assert_eq!(by_http.query(), query, "{text}");
    true
}

/// Letter case makes no difference, nor does the notation of an IPv6 address.
fn is_same_host(one: &str, other: &str) -> bool {
    let address = |host: &str| -> Option<Ipv6Addr> {
        host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
    };
    one.eq_ignore_ascii_case(other)
        || address(one).is_some_and(|address_of_one| Some(address_of_one) == address(other))
}

/// An empty path is equal to the path `/`.
fn or_slash(path: &str) -> &str {
    if path.is_empty() { "/" } else { path }
}

fn compare_redirect_uris(template: &str) -> Counts {
    let policy = wide_policy();
    let accepts = |text: &str| RedirectUri::parse(text, &policy).is_ok();
    assert!(accepts(template), "{template}");
    compare_all(template, accepts, Likeness::Exact)
}

/// Fails if a count is lower than expected.
#[track_caller]
fn at_least(counts: &Counts, accepted: usize, read_by_http: usize) {
    let enough = counts.accepted >= accepted && counts.read_by_http >= read_by_http;
    assert!(enough, "{counts:?}");
}

#[test]
fn parsers_agree_on_https_redirect_uris() {
    at_least(&compare_redirect_uris("https://a.b:1/c?d"), 28_000, 28_000);
}

#[test]
fn parsers_agree_on_underscores_in_hosts() {
    at_least(&compare_redirect_uris("https://a_b.c.d:1/"), 18_000, 18_000);
    at_least(&compare_redirect_uris("a.b://a_b.c:1/"), 29_000, 16_000);
}

#[test]
fn parsers_agree_on_loopback_redirect_uris() {
    at_least(&compare_redirect_uris("http://[::1]:1/c?d"), 13_000, 13_000);
}

#[test]
fn parsers_agree_on_private_use_uris_with_hosts() {
    at_least(&compare_redirect_uris("a.b://c.d:1/e?f"), 40_000, 28_000);
}

#[test]
fn parsers_agree_on_private_use_uris_without_hosts() {
    at_least(&compare_redirect_uris("a.b:/c?d"), 19_000, 0);
    at_least(&compare_redirect_uris("a.b:c?d"), 12_000, 0);
}

#[test]
fn parsers_agree_on_addresses_for_people() {
    let accepts = |text: &str| WebUri::parse(text).is_ok();
    let counts = compare_all("https://a.b:1/c?d#e", accepts, Likeness::Equivalent);
    at_least(&counts, 42_000, 42_000);
}
