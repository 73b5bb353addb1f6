//! nginx that appends the address to the client's `Forwarded`.

use crate::{
    assert_honest_clients_register, assert_stops, proxy::Proxy::NginxForwarded, rules::Rule,
};

#[tokio::test]
async fn block_list_stops_hostile_headers() {
    assert_stops(NginxForwarded, Rule::BlockList).await;
}

#[tokio::test]
async fn block_list_with_default_header_stops_hostile_headers() {
    assert_stops(NginxForwarded, Rule::BlockListEitherHeader).await;
}

#[tokio::test]
async fn allow_list_stops_hostile_headers() {
    assert_stops(NginxForwarded, Rule::AllowListWithProxy).await;
}

#[tokio::test]
async fn country_rule_stops_hostile_headers() {
    assert_stops(NginxForwarded, Rule::Country).await;
}

#[tokio::test]
async fn honest_clients_register() {
    assert_honest_clients_register(NginxForwarded).await;
}
