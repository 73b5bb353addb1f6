//! Real proxies in front of the example server. Each proxy runs with the guide's configuration. A
//! client on 127.0.0.3 sends hostile headers in raw bytes, and must not bypass a rule that stops
//! 127.0.0.3.
#![expect(
    clippy::print_stdout,
    reason = "the figures are shown with --nocapture"
)]

#[path = "../support/example_server.rs"]
mod example_server;

mod caddy;
mod exchange;
mod fixture;
mod haproxy;
mod haproxy_forwarded;
mod hostile;
mod httpd;
mod nginx;
mod nginx_forwarded;
mod page;
mod program;
mod proxy;
mod rules;

use exchange::Exchange;
use fixture::Fixture;
use hostile::HeaderSet;
use proxy::Proxy;
use rules::Rule;

/// Sends every hostile header set from the address that the rule stops. None may register a client.
async fn assert_stops(proxy: Proxy, rule: Rule) {
    let fixture = Fixture::start(proxy, rule);
    let sets = hostile::all();
    let mut passed = Vec::new();
    let mut odd = Vec::new();
    let mut reached = 0;
    for set in &sets {
        let exchange = fixture.send(fixture::STOPPED, set).await;
        reached += usize::from(exchange.is_from_server());
        match exchange {
            Exchange::Registered => passed.push(set.to_string()),
            Exchange::RefusedByServer(400 | 403)
            | Exchange::RefusedByProxy(400..500)
            | Exchange::Closed => {}
            other => odd.push(format!("{other:?} to {set}")),
        }
    }
    println!(
        "{proxy:?}, {rule:?}: {} of {} header sets passed, {reached} reached the server",
        passed.len(),
        sets.len()
    );
    assert!(
        passed.is_empty(),
        "{} of {} header sets passed:\n{}",
        passed.len(),
        sets.len(),
        passed.join("\n")
    );
    assert!(odd.is_empty(), "unexpected answers:\n{}", odd.join("\n"));
    assert!(
        reached * 2 > sets.len(),
        "{reached} of {} reached the server",
        sets.len()
    );
}

/// Sends every hostile header set from the address that the allow list names. The text to the left
/// of the address that the proxy wrote must not matter.
async fn assert_admits(proxy: Proxy) {
    let fixture = Fixture::start(proxy, Rule::AllowList);
    let sets = hostile::all();
    let (mut refused, mut registered) = (Vec::new(), 0);
    for set in &sets {
        match fixture.send(fixture::ALLOWED, set).await {
            Exchange::Registered => registered += 1,
            // These sets are refused from any address: they are no request, or they make the proxy
            // remove headers that the request needs.
            Exchange::RefusedByServer(400 | 415)
            | Exchange::RefusedByProxy(400..500)
            | Exchange::Closed => {}
            other => refused.push(format!("{other:?} to {set}")),
        }
    }
    assert!(
        refused.is_empty(),
        "{} header sets were refused:\n{}",
        refused.len(),
        refused.join("\n")
    );
    assert!(
        registered * 2 > sets.len(),
        "{registered} of {}",
        sets.len()
    );
}

/// A client that no rule stops registers, with and without ordinary headers.
async fn assert_honest_clients_register(proxy: Proxy) {
    let usual = [
        HeaderSet::new([]),
        HeaderSet::new([b"User-Agent: agent/1.0", b"Accept: */*"]),
        HeaderSet::new([b"X-Forwarded-For: 10.1.2.3"]),
        HeaderSet::new([b"Via: 1.1 office", b"X-Forwarded-For: 10.1.2.3, 10.1.2.4"]),
    ];
    for rule in [Rule::BlockList, Rule::AllowListWithProxy, Rule::Country] {
        let fixture = Fixture::start(proxy, rule);
        for set in &usual {
            let exchange = fixture.send(fixture::ALLOWED, set).await;
            assert_eq!(exchange, Exchange::Registered, "{rule:?}: {set}");
        }
        let exchange = fixture.send(fixture::STOPPED, &usual[0]).await;
        assert_eq!(exchange, Exchange::RefusedByServer(403), "{rule:?}");
    }
}

#[test]
fn there_are_more_than_600_header_sets() {
    let sets = hostile::all().len();
    assert!(sets > 600, "{sets}");
}
