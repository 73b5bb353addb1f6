//! Each store is run through each rule of the suite, and stores that are broken fail it.

mod broken;
mod example;
mod model;

use std::{collections::BTreeSet, fs, path::Path};

use oauth_dcr::{MemoryStore, conformance};

/// A module of tests, one for each rule, of the store that an expression makes.
macro_rules! conforms {
    ($name:ident, $store:expr) => {
        conforms! { $name, $store;
            a_taken_id_is_never_overwritten
            racing_insertions_of_one_id_store_one
            similar_ids_are_different_clients
            every_outcome_is_reported_once
            an_empty_tenant_has_no_clients
            every_field_comes_back
            every_moment_comes_back
            every_field_of_an_update_comes_back
            an_insertion_stays_in_its_tenant
            reading_stays_in_its_tenant
            an_update_stays_in_its_tenant
            a_removal_stays_in_its_tenant
            a_touch_stays_in_its_tenant
            a_sweep_stays_in_its_tenant
            similar_tenant_ids_are_different_tenants
            the_longest_idle_client_is_evicted
            registering_again_delays_eviction
            active_and_blocked_clients_are_not_evicted
            used_idle_clients_are_evicted_last
            a_full_tenant_is_not_changed
            a_lowered_limit_shrinks_a_tenant
            nothing_is_evicted_below_the_limit
            a_limit_counts_stored_clients
            racing_insertions_never_exceed_a_limit
            racing_insertions_do_not_change_a_full_tenant
            the_same_key_is_a_duplicate
            a_different_key_is_not_a_duplicate
            duplicates_are_checked_first
            a_duplicate_touches_the_stored_client
            a_duplicate_returns_the_current_client
            a_removed_client_frees_its_key
            a_reused_id_has_its_new_key
            an_update_removes_the_key_if_asked
            racing_insertions_of_one_key_store_one
            an_unreadable_row_hides_no_other_row
            an_unreadable_row_can_be_blocked_and_removed
            an_unreadable_row_keeps_its_key
            a_block_changes_flag_and_revision
            an_update_follows_the_previous_revision
            an_update_needs_a_stored_client
            racing_updates_store_one_per_revision
            an_update_keeps_usage
            a_removed_client_is_gone
            racing_removals_remove_once
            an_update_restores_no_removed_client
            a_touch_follows_usage_touched
            a_touch_of_a_missing_client_writes_nothing
            racing_touches_write_once_and_lose_no_update
            a_users_longest_idle_client_is_evicted
            a_client_counts_for_its_first_user
            a_shared_client_is_evicted_last
            a_users_blocked_clients_are_not_evicted
            a_client_keeps_its_user
            racing_touches_never_exceed_a_users_limit
            a_sweep_removes_only_due_clients
            a_sweep_stops_at_its_limit
            blocked_clients_are_not_swept
            a_client_with_a_live_grant_is_not_swept
            a_client_touched_meanwhile_is_not_swept
            pages_are_ordered_by_id_bytes
            a_page_may_begin_after_a_removed_id
            pages_are_stable_while_clients_change
            an_abandoned_insertion_is_all_or_nothing
            an_abandoned_insertion_is_reported_if_stored
            an_abandoned_update_is_all_or_nothing
            an_abandoned_sweep_is_all_or_nothing
        }
    };
    ($name:ident, $store:expr; $($rule:ident)*) => {
        mod $name {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $rule() {
                    conformance::store::$rule($store).await;
                }
            )*

            #[test]
            fn no_rule_is_left_out() {
                assert_eq!(BTreeSet::from([$(stringify!($rule).to_owned()),*]), written_rules());
            }
        }
    };
}

conforms!(memory, MemoryStore::new());
conforms!(example_store, example::MyStore::default());

#[tokio::test(flavor = "multi_thread")]
async fn a_store_can_be_run_through_all_rules_again_and_again() {
    let store = MemoryStore::new();
    for _ in 0..2 {
        conformance::client_store(store.clone()).await;
    }
}

#[tokio::test]
async fn one_thread_will_do() {
    conformance::client_store(MemoryStore::new()).await;
}

/// The names that stand in `text` between `before` and `after`.
fn names(text: &str, before: &str, after: &str) -> BTreeSet<String> {
    let rest = text.split(before).skip(1);
    let found = rest.filter_map(|rest| rest.split_once(after).map(|(name, _)| name.to_owned()));
    found.collect()
}

/// The rules that the sources have.
fn written_rules() -> BTreeSet<String> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/conformance/store");
    let files = fs::read_dir(sources).unwrap();
    let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let rules: BTreeSet<String> = texts
        .flat_map(|text| names(&text, "\npub async fn ", "("))
        .collect();
    assert!(rules.len() > 50, "the sources are read");
    rules
}

#[test]
fn the_whole_suite_leaves_no_rule_out() {
    let suite = concat!(env!("CARGO_MANIFEST_DIR"), "/src/conformance/store.rs");
    let suite = fs::read_to_string(suite).unwrap();
    let (_, rest) = suite.split_once("\n    rules! {").unwrap();
    let (called, _) = rest.split_once('}').unwrap();
    let called: BTreeSet<String> = called.split_whitespace().map(str::to_owned).collect();
    assert_eq!(called, written_rules());
}
