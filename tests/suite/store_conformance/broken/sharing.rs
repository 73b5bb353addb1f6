//! Stores that are wrong about whose a client is.

use oauth_dcr::store::Usage;

use super::{
    activity::{touching, with_flags},
    steps::idle_since,
    *,
};

/// The user is the last user.
fn the_last_user_has_the_client() -> Store {
    touching(|usage, activity| {
        let touched = usage.touched(activity)?;
        let user = activity.user().or(touched.user());
        let (is_used, is_shared) = (touched.is_used(), touched.is_shared());
        Some(Usage::from_parts(
            is_used,
            touched.idle_since(),
            user,
            is_shared,
        ))
    })
}

/// A use without a user shares a client.
fn nobody_shares_a_client() -> Store {
    touching(|usage, activity| {
        let touched = usage.touched(activity)?;
        let is_shared = usage.user().is_some() && usage.user() != activity.user();
        Some(with_flags(
            touched,
            touched.is_used(),
            touched.is_shared() || is_shared,
        ))
    })
}

/// The first user shares a client that was used by nobody.
fn the_first_user_shares_a_used_client() -> Store {
    touching(|usage, activity| {
        let touched = usage.touched(activity)?;
        let is_first = usage.is_used() && usage.user().is_none() && activity.user().is_some();
        Some(with_flags(
            touched,
            touched.is_used(),
            touched.is_shared() || is_first,
        ))
    })
}

/// A use by the first user ends that a client is shared.
fn the_first_user_ends_sharing() -> Store {
    touching(|usage, activity| {
        let touched = usage.touched(activity)?;
        let is_first = activity.user().is_some() && activity.user() == usage.user();
        Some(with_flags(
            touched,
            touched.is_used(),
            touched.is_shared() && !is_first,
        ))
    })
}

/// A second user sets the time, also to an earlier time.
fn a_second_user_may_set_an_earlier_time() -> Store {
    touching(|usage, activity| {
        let touched = usage.touched(activity)?;
        let is_new = touched.is_shared() && !usage.is_shared();
        let since = if is_new {
            activity.idle_since()
        } else {
            touched.idle_since()
        };
        Some(idle_since(touched, since))
    })
}

caught! {
    the_last_user_has_the_client
    nobody_shares_a_client
    the_first_user_shares_a_used_client
    the_first_user_ends_sharing
    a_second_user_may_set_an_earlier_time
}
