//! HAProxy, which adds a `Forwarded` line after the client's.

use crate::{
    assert_honest_clients_register, assert_stops, proxy::Proxy::HaproxyForwarded, rules::Rule,
};

#[tokio::test]
async fn block_list_stops_hostile_headers() {
    assert_stops(HaproxyForwarded, Rule::BlockList).await;
}

#[tokio::test]
async fn block_list_with_default_header_stops_hostile_headers() {
    assert_stops(HaproxyForwarded, Rule::BlockListEitherHeader).await;
}

#[tokio::test]
async fn allow_list_stops_hostile_headers() {
    assert_stops(HaproxyForwarded, Rule::AllowListWithProxy).await;
}

#[tokio::test]
async fn country_rule_stops_hostile_headers() {
    assert_stops(HaproxyForwarded, Rule::Country).await;
}

#[tokio::test]
async fn honest_clients_register() {
    assert_honest_clients_register(HaproxyForwarded).await;
}
