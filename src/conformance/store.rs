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

use crate::ports::ClientStore;

/// All of the rules in this module, one after the other.
pub async fn client_store(store: impl ClientStore) {
    let store = Arc::new(store);
    a_taken_id_is_never_overwritten(Arc::clone(&store)).await;
    racing_insertions_of_one_id_store_one(Arc::clone(&store)).await;
    ids_that_look_alike_are_not_the_same(Arc::clone(&store)).await;
    every_outcome_is_reported_once(Arc::clone(&store)).await;
    an_empty_tenant_has_nothing(Arc::clone(&store)).await;
    every_field_comes_back(Arc::clone(&store)).await;
    every_moment_comes_back(Arc::clone(&store)).await;
    every_field_of_an_update_comes_back(Arc::clone(&store)).await;
    an_insertion_stays_in_its_tenant(Arc::clone(&store)).await;
    reading_stays_in_its_tenant(Arc::clone(&store)).await;
    an_update_stays_in_its_tenant(Arc::clone(&store)).await;
    a_removal_stays_in_its_tenant(Arc::clone(&store)).await;
    a_touch_stays_in_its_tenant(Arc::clone(&store)).await;
    a_sweep_stays_in_its_tenant(Arc::clone(&store)).await;
    tenants_that_look_alike_are_not_the_same(Arc::clone(&store)).await;
    the_longest_idle_makes_room(Arc::clone(&store)).await;
    who_registers_again_makes_room_later(Arc::clone(&store)).await;
    used_and_blocked_clients_never_make_room(Arc::clone(&store)).await;
    idle_clients_are_evicted_last(Arc::clone(&store)).await;
    a_full_tenant_changes_nothing(Arc::clone(&store)).await;
    a_lowered_limit_shrinks_a_tenant(Arc::clone(&store)).await;
    below_a_limit_nobody_goes(Arc::clone(&store)).await;
    a_limit_counts_what_is_there(Arc::clone(&store)).await;
    racing_insertions_never_exceed_a_limit(Arc::clone(&store)).await;
    racing_insertions_find_a_full_tenant_full(Arc::clone(&store)).await;
    what_has_the_same_key_is_folded(Arc::clone(&store)).await;
    only_the_same_key_folds(Arc::clone(&store)).await;
    folding_comes_first(Arc::clone(&store)).await;
    who_is_folded_into_is_touched(Arc::clone(&store)).await;
    a_client_is_given_back_as_it_is_now(Arc::clone(&store)).await;
    a_key_goes_with_its_client(Arc::clone(&store)).await;
    an_id_that_comes_back_has_its_own_key(Arc::clone(&store)).await;
    an_update_unfolds_if_it_says_so(Arc::clone(&store)).await;
    racing_insertions_of_one_key_store_one(Arc::clone(&store)).await;
    an_unreadable_row_hides_no_other(Arc::clone(&store)).await;
    an_unreadable_row_is_within_reach(Arc::clone(&store)).await;
    an_unreadable_row_keeps_its_key(Arc::clone(&store)).await;
    a_block_changes_flag_and_revision(Arc::clone(&store)).await;
    an_update_follows_the_revision_before(Arc::clone(&store)).await;
    an_update_needs_its_client(Arc::clone(&store)).await;
    racing_updates_store_one_of_each_revision(Arc::clone(&store)).await;
    an_update_keeps_usage(Arc::clone(&store)).await;
    a_removed_client_is_gone(Arc::clone(&store)).await;
    racing_removals_remove_once(Arc::clone(&store)).await;
    an_update_brings_nobody_back(Arc::clone(&store)).await;
    a_touch_is_written_as_usage_says(Arc::clone(&store)).await;
    a_touch_of_nobody_writes_nothing(Arc::clone(&store)).await;
    racing_touches_write_once_and_lose_no_update(Arc::clone(&store)).await;
    a_users_longest_idle_client_is_evicted(Arc::clone(&store)).await;
    a_client_counts_for_its_first_user(Arc::clone(&store)).await;
    a_users_blocked_clients_stay(Arc::clone(&store)).await;
    a_clients_user_is_kept(Arc::clone(&store)).await;
    racing_touches_never_exceed_a_users_limit(Arc::clone(&store)).await;
    a_sweep_removes_what_it_says(Arc::clone(&store)).await;
    a_sweep_has_a_limit(Arc::clone(&store)).await;
    blocked_clients_are_not_swept(Arc::clone(&store)).await;
    live_grants_keep_a_client(Arc::clone(&store)).await;
    one_that_is_touched_meanwhile_is_not_swept(Arc::clone(&store)).await;
    pages_go_by_the_bytes_of_ids(Arc::clone(&store)).await;
    a_page_begins_after_an_id_that_may_be_gone(Arc::clone(&store)).await;
    pages_hold_still_while_clients_come_and_go(Arc::clone(&store)).await;
    an_abandoned_insertion_is_whole_or_nothing(Arc::clone(&store)).await;
    an_abandoned_insertion_is_reported_if_it_is_stored(Arc::clone(&store)).await;
    an_abandoned_update_is_whole_or_nothing(Arc::clone(&store)).await;
    an_abandoned_sweep_is_whole_or_nothing(Arc::clone(&store)).await;
}
