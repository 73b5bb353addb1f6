//! HAProxy, which adds its own line after the lines of the client.

use crate::{
    assert_admits, assert_honest_clients_register, assert_stops, proxy::Proxy::Haproxy, rules::Rule,
};

#[tokio::test]
async fn block_list_stops_hostile_headers() {
    assert_stops(Haproxy, Rule::BlockList).await;
}

#[tokio::test]
async fn block_list_with_default_header_stops_hostile_headers() {
    assert_stops(Haproxy, Rule::BlockListEitherHeader).await;
}

#[tokio::test]
async fn block_list_by_hops_stops_hostile_headers() {
    assert_stops(Haproxy, Rule::BlockListByHops).await;
}

#[tokio::test]
async fn allow_list_stops_hostile_headers() {
    assert_stops(Haproxy, Rule::AllowListWithProxy).await;
}

#[tokio::test]
async fn country_rule_stops_hostile_headers() {
    assert_stops(Haproxy, Rule::Country).await;
}

#[tokio::test]
async fn hostile_headers_do_not_lock_out_allowed_clients() {
    assert_admits(Haproxy).await;
}

#[tokio::test]
async fn honest_clients_register() {
    assert_honest_clients_register(Haproxy).await;
}
