//! Every rule for limiters, with its demand in one sentence. The suite, its documentation and its tests use
//! this list.

/// Calls a macro with the list.
macro_rules! with_limiter_rules {
    ($use_rules:ident! $(($($arguments:tt)*))?) => {
        $use_rules! {
            $($($arguments)*)?

            a_full_bucket_gives_exactly_its_burst:
                "A full bucket admits as many requests at once as its burst.";
            decisions_match_the_quota:
                "The numbers of a decision agree with each other and with the quota.";
            each_tenant_has_its_own_bucket:
                "The requests of one tenant take no tokens from another tenant.";
            each_source_has_its_own_bucket:
                "A tenant and each of its sources have separate buckets.";
            addresses_of_one_source_share_its_bucket:
                "All addresses of one source take tokens from one bucket.";
            a_changed_quota_starts_with_a_full_bucket:
                "A tenant whose quota has changed starts with a full bucket.";
            a_quota_that_returns_finds_its_earlier_bucket:
                "A tenant whose quota changes back continues with its earlier bucket.";
            equal_rates_and_bursts_share_a_bucket:
                "Quotas with the same rate and burst share a bucket, even if their units differ.";
            the_largest_and_smallest_quotas_are_enforced:
                "The largest and the smallest possible quotas are enforced.";
            racing_requests_never_exceed_the_burst:
                "No more racing requests are admitted than there are tokens.";
            overlapping_requests_take_one_token_each:
                "Overlapping requests are decided as if they came one after the other.";
            abandoned_requests_take_one_token_or_none:
                "A request whose caller goes away takes at most one token, and changes nothing else.";
            many_tenants_keep_their_buckets:
                "The requests of thousands of tenants do not change the bucket of another tenant.";
            tokens_return_at_the_rate_up_to_the_burst:
                "Tokens return at the rate of the quota, until the bucket is full.";
            an_idle_bucket_never_exceeds_its_burst:
                "A bucket holds no more than its burst, however long it is idle.";
            a_request_that_waits_as_told_is_admitted:
                "A refused request is admitted after the wait of its refusal, and not before.";
            refused_requests_take_nothing:
                "A client that asks too often gets the rate of the quota, within 2 %.";
            a_returning_token_admits_one_request:
                "If requests race for a returning token, one of them is admitted.";
            busy_tenants_leave_each_other_their_rates:
                "Each of 64 tenants that ask too often at the same time gets its own rate.";
            random_requests_are_decided_as_by_a_bucket:
                "Random requests are decided as a token bucket decides them.";
        }
    };
}

pub(crate) use with_limiter_rules;
