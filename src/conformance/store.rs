//! What every [`ClientStore`] has to do, one function a rule.
//!
//! Each works in tenants of its own with fresh random names, so that a database can be shared and
//! used again. Clock values are handed in; nothing sleeps.
//!
//! ```
//! # use oauth_dcr::{MemoryStore, conformance};
//! # type MyStore = MemoryStore;
//! #[tokio::main]
//! async fn main() {
//!     conformance::client_store(MyStore::new()).await;
//! }
//! ```

mod abandoned;
mod fields;
mod folding;
mod insertion;
mod life;
mod limits;
mod pages;
mod scene;
mod tenants;
mod unreadable;
mod updates;
mod users;

pub use abandoned::*;
pub use fields::*;
pub use folding::*;
pub use insertion::*;
pub use life::*;
pub use limits::*;
pub use pages::*;
pub use tenants::*;
pub use unreadable::*;
pub use updates::*;
pub use users::*;

use std::sync::Arc;

use crate::{box_future::BoxFuture, store::ClientStore};

/// A rule, ready to be checked on a store.
type Rule<S> = fn(Arc<S>) -> BoxFuture<'static, ()>;

/// Lists rules by name. Each future is made in a stack frame of its own: all of them in one would be too
/// large for a thread of the tests.
macro_rules! rules {
    ($($rule:ident)*) => {
        [$(|store| Box::pin($rule(store))),*]
    };
}

/// All of the rules in this module, one after the other.
pub async fn client_store(store: impl ClientStore) {
    let store = Arc::new(store);
    for rule in all() {
        rule(Arc::clone(&store)).await;
    }
}

fn all<S: ClientStore>() -> [Rule<S>; 66] {
    rules! {
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
}
