//! Every rule for limiters whose clock a test moves, with what it demands. The suite, its documentation and
//! its tests are made from this list.

/// Calls a macro with the list.
macro_rules! with_clocked_limiter_rules {
    ($use_rules:ident! $(($($arguments:tt)*))?) => {
        $use_rules! {
            $($($arguments)*)?

            a_stopped_clock_returns_no_token:
                "While the clock stands still, each bucket gives its burst once.";
            buckets_are_separate_at_one_moment:
                "Tenants, sources and quotas have separate buckets.";
            racing_requests_take_different_tokens:
                "Of requests that race at one moment, each takes another token.";
            abandoned_requests_change_no_other_token:
                "A caller that goes away takes at most one token, and changes nothing else.";
            a_token_returns_on_the_nanosecond:
                "A request is admitted exactly after the wait that it was told, not a nanosecond before.";
            a_steady_client_gets_exactly_the_rate:
                "A client that asks too often for hours gets the rate of the quota.";
            a_bucket_is_kept_until_it_is_full:
                "A bucket is not forgotten before it is full, however long that takes.";
            a_bucket_never_exceeds_its_burst_in_years:
                "A bucket holds no more than its burst after years.";
            quotas_that_alternate_gain_tokens_apart:
                "A tenant whose quota changes back finds the tokens that returned meanwhile, and no more.";
            random_histories_match_a_token_bucket:
                "Random requests at random times are decided as by a token bucket.";
        }
    };
}

pub(crate) use with_clocked_limiter_rules;
