//! Every rule for stores, with its demand in one sentence. The suite, its documentation and the tests of stores
//! use this list.

/// Calls a macro with the list.
macro_rules! with_store_rules {
    ($use_rules:ident! $(($($arguments:tt)*))?) => {
        $use_rules! {
            $($($arguments)*)?

            // Insertions.
            a_taken_id_is_never_overwritten:
                "An insertion does not change the client that already has the id.";
            racing_insertions_of_one_id_store_one:
                "If insertions of one id race, exactly one of them is stored.";
            similar_ids_are_different_clients:
                "Ids are compared byte by byte: letter case counts, and no character is a wildcard.";
            every_character_of_an_id_counts:
                "Ids of any length that differ in one character are different clients.";
            every_outcome_is_reported_once:
                "The store reports the outcome of each insertion exactly once.";
            an_empty_tenant_has_no_clients:
                "A tenant that the store has never seen has no clients, and reading it is no error.";

            // Fields.
            every_field_comes_back:
                "A client is read exactly as it was inserted.";
            every_moment_comes_back:
                "Times are stored to the millisecond, from the first to the last possible time.";
            every_field_of_an_update_comes_back:
                "A client is read exactly as it was updated.";
            an_update_takes_away_what_it_lacks:
                "An update removes what it does not have: secrets, policy, block or metadata.";

            // Tenants.
            an_insertion_stays_in_its_tenant:
                "An insertion neither sees nor changes clients of other tenants.";
            reading_stays_in_its_tenant:
                "`find` and `list` return only clients of the tenant.";
            an_update_stays_in_its_tenant:
                "An update changes only the client of its tenant.";
            a_removal_stays_in_its_tenant:
                "A removal removes only the client of its tenant.";
            a_touch_stays_in_its_tenant:
                "A touch changes only the client of its tenant.";
            a_sweep_stays_in_its_tenant:
                "A sweep removes only clients of its tenant.";
            similar_tenant_ids_are_different_tenants:
                "Tenant ids are compared byte by byte.";
            every_character_of_a_tenant_counts:
                "Tenant ids of any length that differ in one character are different tenants.";
            ids_and_tenants_are_no_patterns:
                "An id or a tenant matches only itself: no character is a wildcard.";
            tenants_and_ids_are_never_joined:
                "Tenant and id are separate, even if joining them gives the same text.";

            // Limits.
            the_longest_idle_client_is_evicted:
                "A full tenant evicts the longest idle client, or of several the client with the lowest id.";
            registering_again_delays_eviction:
                "A client that registers again counts as idle from that time on.";
            active_and_blocked_clients_are_not_evicted:
                "Clients that are blocked or in use are not evicted for a new client.";
            used_idle_clients_are_evicted_last:
                "Clients that were never used are evicted before used clients that are idle.";
            a_full_tenant_is_not_changed:
                "If no client can be evicted, the insertion changes nothing.";
            a_lowered_limit_shrinks_a_tenant:
                "After a limit was lowered, each insertion evicts up to 100 clients, until the limit holds.";
            nothing_is_evicted_below_the_limit:
                "No client is evicted below the limit, or if there is no limit.";
            a_limit_counts_stored_clients:
                "A limit counts the clients that are stored, and no others.";
            a_millisecond_decides_who_is_evicted:
                "A client that has been idle for one millisecond longer is evicted first.";
            sharing_matters_only_to_its_user:
                "A client that two users have used is evicted for a new client like any other.";
            a_large_limit_evicts_no_client:
                "A limit may be any number up to the largest of 64 bits.";
            the_lowest_id_goes_first_of_equals:
                "If clients are idle since the same moment, the lowest id by bytes is evicted first.";
            racing_insertions_never_exceed_a_limit:
                "Insertions that race never exceed a limit together.";
            racing_insertions_do_not_change_a_full_tenant:
                "Insertions that race for a full tenant without idle clients change nothing.";

            // Duplicates.
            the_same_key_is_a_duplicate:
                "An insertion with a stored key stores nothing, and returns the stored client.";
            a_different_key_is_not_a_duplicate:
                "A client with another key, without a key or of another tenant is not a duplicate.";
            keys_are_compared_byte_by_byte:
                "Keys are different if they differ in any of their 32 bytes.";
            duplicates_are_checked_first:
                "An insertion checks the key first, then the id and then the limit.";
            a_full_tenant_still_finds_duplicates:
                "A full tenant still returns `Duplicate` or `IdTaken` before `Full`.";
            what_is_not_stored_reserves_nothing:
                "An insertion that stores nothing reserves no id, no key and no place.";
            a_duplicate_touches_the_stored_client:
                "A duplicate touches the stored client at most once an hour, and does not count as use.";
            a_duplicate_returns_the_current_client:
                "A duplicate returns the current state of the stored client, with its owner's changes.";
            a_removed_client_frees_its_key:
                "The key of a client is free after the client was removed, swept or evicted.";
            a_reused_id_has_its_new_key:
                "A client that reuses a removed client's id has its own key, not the old one.";
            a_reused_id_starts_anew:
                "A client that reuses a removed client's id inherits nothing from it.";
            an_update_removes_the_key_if_asked:
                "An update removes the key of a client if it says so, and keeps it otherwise.";
            racing_insertions_of_one_key_store_one:
                "If insertions of one key race, exactly one is stored, and the others return it.";

            // Unreadable rows.
            an_unreadable_row_hides_no_other_row:
                "A row that cannot be read is returned as unreadable, together with the other rows.";
            an_unreadable_row_can_be_blocked_and_removed:
                "A row that cannot be read can be blocked, touched, swept, evicted and removed.";
            an_unreadable_row_keeps_its_key:
                "No second client gets the key of a row that cannot be read.";

            // Changes by an owner.
            a_block_changes_flag_and_revision:
                "Blocking changes the flag, adds one to the revision and changes nothing else.";
            an_update_follows_the_previous_revision:
                "An update is stored only if the stored client has the previous revision.";
            a_revision_may_be_large:
                "A revision counts up to the largest number of 64 bits.";
            an_update_needs_a_stored_client:
                "An update of a client that is not stored stores nothing.";
            racing_updates_store_one_per_revision:
                "If updates to one revision race, exactly one of them is stored.";
            an_update_keeps_usage:
                "An update does not change the usage of a client.";
            a_removed_client_is_gone:
                "A removed client is neither found nor listed, and its id is free.";
            racing_removals_remove_once:
                "If removals of one client race, exactly one of them removes it.";
            an_update_restores_no_removed_client:
                "An update that races with a removal does not bring the client back.";

            // Activity.
            a_touch_follows_usage_touched:
                "An activity writes the usage that `Usage::touched` returns, or nothing if it returns none.";
            a_touch_of_a_missing_client_writes_nothing:
                "An activity of a client that is not stored stores nothing.";
            racing_touches_write_once_and_lose_no_update:
                "If equal activities race, one of them is written, and updates are not lost.";

            // Limits of users.
            a_users_longest_idle_client_is_evicted:
                "A user over the limit loses the longest idle client, and never the touched client.";
            a_client_counts_for_its_first_user:
                "A client counts only for the limit of the user who used it first.";
            a_shared_client_is_evicted_last:
                "A client that a second user has used is evicted after the user's other clients.";
            a_users_blocked_clients_are_not_evicted:
                "Blocked clients do not count for the limit of a user and are not evicted by it.";
            blocked_clients_of_a_user_stay:
                "A blocked client stays even if it is the longest idle client of a user.";
            a_client_keeps_its_user:
                "Updates, blocks and duplicates do not change the user of a client.";
            users_are_compared_byte_by_byte:
                "Users are different if their keys differ in any of their 32 bytes.";
            a_user_loses_at_most_100_clients_at_once:
                "An activity evicts at most 100 clients of the user, the longest idle first.";
            racing_touches_never_exceed_a_users_limit:
                "Activities that race never exceed the limit of a user together.";

            // Sweeps.
            a_sweep_removes_only_due_clients:
                "A sweep removes only the clients that are idle since before its times.";
            a_sweep_stops_at_its_limit:
                "A sweep removes all due clients, up to its limit.";
            a_sweep_finds_due_clients_anywhere:
                "A sweep with a small limit finds due clients among many that are not due.";
            blocked_clients_are_not_swept:
                "A sweep does not remove blocked clients.";
            a_client_with_a_live_grant_is_not_swept:
                "A client is not idle while it has a live grant.";
            the_first_and_last_moments_are_valid:
                "A client may register and be used at any time, from the first to the last possible time.";
            a_client_touched_meanwhile_is_not_swept:
                "If an activity and a sweep of one client race, only one of them succeeds.";

            // Pages.
            pages_are_ordered_by_id_bytes:
                "Pages are sorted by the bytes of the ids, and have at most the given length.";
            a_page_may_begin_after_a_removed_id:
                "A page begins after the given id, even if no client has this id.";
            pages_are_stable_while_clients_change:
                "A client that is stored all the time is on exactly one page.";
            a_tenant_may_have_thousands_of_clients:
                "Lists, sweeps and evictions work with more than a thousand clients.";

            // Readers.
            a_long_list_misses_no_client:
                "A long list is complete, even if other clients are removed while it is read.";
            every_change_is_seen_at_once:
                "The next call on each node sees every change of a call.";
            the_clocks_of_all_nodes_agree:
                "All nodes share a clock or none has one. It advances with real time, in milliseconds.";
            readers_see_whole_clients:
                "A reader sees a client as one change has left it, and never an older state later.";

            // Callers that go away.
            an_abandoned_insertion_is_all_or_nothing:
                "An insertion whose caller goes away is done completely or not at all.";
            an_abandoned_insertion_is_reported_if_stored:
                "An insertion whose caller goes away is reported if, and only if, it is stored.";
            an_abandoned_update_is_all_or_nothing:
                "An update whose caller goes away is done completely or not at all.";
            an_abandoned_block_is_all_or_nothing:
                "A block whose caller goes away is done completely or not at all.";
            an_abandoned_removal_is_all_or_nothing:
                "A removal whose caller goes away is done completely or not at all.";
            an_abandoned_touch_is_all_or_nothing:
                "A touch whose caller goes away is done completely or not at all.";
            an_abandoned_sweep_is_all_or_nothing:
                "A sweep whose caller goes away is done completely or not at all.";
            an_abandoned_read_changes_nothing:
                "A read whose caller goes away changes nothing and blocks no other call.";
            an_abandoned_call_of_many_is_all_or_nothing:
                "A call that removes more than a hundred clients removes all of them or none.";

            // Races of two calls.
            interleaved_calls_have_an_order:
                "If a call runs while another is half done, one of the two orders explains both outcomes.";
            a_call_notices_a_client_that_came_back:
                "A call does not act on a row that was replaced meanwhile.";
            racing_calls_have_an_order:
                "If two calls race, one of the two orders explains their outcomes and the stored clients.";

            // Random calls.
            random_histories_match_the_contract:
                "Random calls have the outcomes of the contract.";
        }
    };
}

pub(crate) use with_store_rules;
