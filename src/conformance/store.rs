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
        ids_that_look_alike_are_not_the_same
        every_outcome_is_reported_once
        an_empty_tenant_has_nothing
        every_field_comes_back
        every_moment_comes_back
        every_field_of_an_update_comes_back
        an_insertion_stays_in_its_tenant
        reading_stays_in_its_tenant
        an_update_stays_in_its_tenant
        a_removal_stays_in_its_tenant
        a_touch_stays_in_its_tenant
        a_sweep_stays_in_its_tenant
        tenants_that_look_alike_are_not_the_same
        the_longest_idle_makes_room
        who_registers_again_makes_room_later
        used_and_blocked_clients_never_make_room
        idle_clients_are_evicted_last
        a_full_tenant_changes_nothing
        a_lowered_limit_shrinks_a_tenant
        below_a_limit_nobody_goes
        a_limit_counts_what_is_there
        racing_insertions_never_exceed_a_limit
        racing_insertions_find_a_full_tenant_full
        what_has_the_same_key_is_folded
        only_the_same_key_folds
        folding_comes_first
        who_is_folded_into_is_touched
        a_client_is_given_back_as_it_is_now
        a_key_goes_with_its_client
        an_id_that_comes_back_has_its_own_key
        an_update_unfolds_if_it_says_so
        racing_insertions_of_one_key_store_one
        an_unreadable_row_hides_no_other
        an_unreadable_row_is_within_reach
        an_unreadable_row_keeps_its_key
        a_block_changes_flag_and_revision
        an_update_follows_the_revision_before
        an_update_needs_its_client
        racing_updates_store_one_of_each_revision
        an_update_keeps_usage
        a_removed_client_is_gone
        racing_removals_remove_once
        an_update_brings_nobody_back
        a_touch_is_written_as_usage_says
        a_touch_of_nobody_writes_nothing
        racing_touches_write_once_and_lose_no_update
        a_users_longest_idle_client_is_evicted
        a_client_counts_for_its_first_user
        a_shared_client_is_evicted_last
        a_users_blocked_clients_stay
        a_clients_user_is_kept
        racing_touches_never_exceed_a_users_limit
        a_sweep_removes_what_it_says
        a_sweep_has_a_limit
        blocked_clients_are_not_swept
        live_grants_keep_a_client
        one_that_is_touched_meanwhile_is_not_swept
        pages_go_by_the_bytes_of_ids
        a_page_begins_after_an_id_that_may_be_gone
        pages_hold_still_while_clients_come_and_go
        an_abandoned_insertion_is_whole_or_nothing
        an_abandoned_insertion_is_reported_if_it_is_stored
        an_abandoned_update_is_whole_or_nothing
        an_abandoned_sweep_is_whole_or_nothing
    }
}
