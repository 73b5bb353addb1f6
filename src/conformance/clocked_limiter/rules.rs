//! Every rule for limiters whose clock a test moves, with its demand in one sentence. The suite, its
//! documentation and its tests use this list.

/// Calls a macro with the list.
macro_rules! with_clocked_limiter_rules {
    ($use_rules:ident! $(($($arguments:tt)*))?) => {
        $use_rules! {
            $($($arguments)*)?

            a_stopped_clock_returns_no_token:
                "While the clock stands still, each bucket admits only as many requests as its burst.";
            buckets_are_separate_at_one_moment:
                "Tenants, sources and quotas have separate buckets.";
            racing_requests_take_different_tokens:
                "Requests that race at one moment never take the same token.";
            abandoned_requests_change_no_other_token:
                "A request whose caller goes away takes at most one token, and changes nothing else.";
            a_token_returns_on_the_nanosecond:
                "A request is admitted exactly after the wait of its refusal, not a nanosecond earlier.";
            a_steady_client_gets_exactly_the_rate:
                "A client that asks too often for hours gets exactly the rate of the quota.";
            a_bucket_is_kept_until_it_is_full:
                "The limiter keeps a bucket until it is full, however long this takes.";
            a_bucket_never_exceeds_its_burst_in_years:
                "A bucket holds no more than its burst, even after years.";
            quotas_that_alternate_gain_tokens_apart:
                "Each quota of a tenant gains its own tokens while the tenant alternates between quotas.";
            random_histories_match_a_token_bucket:
                "Random requests at random times are decided as a token bucket decides them.";
        }
    };
}

pub(crate) use with_clocked_limiter_rules;
