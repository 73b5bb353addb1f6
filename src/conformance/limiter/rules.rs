//! Every rule for limiters, with what it demands. The suite, its documentation and its tests are made from
//! this list.

/// Calls a macro with the list.
macro_rules! with_limiter_rules {
    ($use_rules:ident! $(($($arguments:tt)*))?) => {
        $use_rules! {
            $($($arguments)*)?

            a_full_bucket_gives_exactly_its_burst:
                "A full bucket admits as many requests at once as its burst.";
            tokens_return_at_the_rate_up_to_the_burst:
                "Tokens return at the rate of the quota, until the bucket is full.";
            each_tenant_has_its_own_bucket:
                "The requests of one tenant take no tokens from another tenant.";
            each_source_has_its_own_bucket:
                "A tenant and each of its sources have separate buckets.";
            addresses_of_one_source_share_its_bucket:
                "Addresses of one source take tokens from one bucket.";
            racing_requests_never_exceed_the_burst:
                "Requests that race are not admitted more often than tokens allow.";
            a_changed_quota_starts_with_a_full_bucket:
                "A tenant whose quota has changed starts with a full bucket.";
            decisions_match_the_quota:
                "The numbers of a decision agree with each other and with the quota.";
            the_largest_and_smallest_quotas_are_enforced:
                "The largest and the smallest quotas that are possible are enforced.";
        }
    };
}

pub(crate) use with_limiter_rules;
