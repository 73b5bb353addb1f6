//! Stores that are wrong about the usage of a client.

use std::time::Duration;

use oauth_dcr::{
    Timestamp,
    store::{Activity, TouchOutcome, Usage},
};

use super::{steps::idle_since, *};

const HOUR: Duration = Duration::from_hours(1);

pub(super) fn touching(touched: fn(Usage, Activity) -> Option<Usage>) -> Store {
    Store::with(|steps| steps.touched = touched)
}

/// A usage with other flags.
pub(super) fn with_flags(usage: Usage, is_used: bool, is_shared: bool) -> Usage {
    Usage::from_parts(is_used, usage.idle_since(), usage.user(), is_shared)
}

/// An activity sets the time, also to an earlier time.
fn a_touch_may_set_an_earlier_time() -> Store {
    touching(|usage, activity| {
        let touched = usage.touched(activity)?;
        Some(idle_since(touched, activity.idle_since()))
    })
}

/// An activity is always written.
fn a_touch_is_always_written() -> Store {
    touching(|usage, activity| Some(usage.touched(activity).unwrap_or(usage)))
}

/// An activity that ends when the client is idle is written.
fn a_touch_is_written_at_the_end_of_its_hour() -> Store {
    touching(|usage, activity| {
        let is_at_the_end = usage.idle_since() == activity.until();
        let later = is_at_the_end.then(|| idle_since(usage, activity.idle_since()));
        usage.touched(activity).or(later)
    })
}

/// An activity is written a minute late.
fn a_touch_is_written_a_minute_late() -> Store {
    touching(|usage, activity| {
        let late = idle_since(
            usage,
            usage.idle_since().saturating_add(Duration::from_mins(1)),
        );
        let touched = late.touched(activity)?;
        Some(idle_since(
            touched,
            usage.idle_since().max(activity.idle_since()),
        ))
    })
}

/// Only what is later is written: not that a client is used, nor by whom.
fn a_touch_within_the_hour_is_not_written() -> Store {
    touching(|usage, activity| {
        let is_later = usage.idle_since() < activity.until();
        usage.touched(activity).filter(|_| is_later)
    })
}

/// The first use within the hour is not written.
fn a_first_use_within_the_hour_is_not_written() -> Store {
    touching(|usage, activity| {
        let touched = usage.touched(activity)?;
        let is_later = usage.idle_since() < activity.until();
        let user = |usage: Usage| (usage.user(), usage.is_shared());
        (is_later || user(touched) != user(usage)).then_some(touched)
    })
}

/// A user who is named within the hour is not written.
fn a_user_within_the_hour_is_not_written() -> Store {
    touching(|usage, activity| {
        let is_later = usage.idle_since() < activity.until();
        let is_named_late = !is_later && usage.is_used() && usage.user().is_none();
        usage.touched(activity).filter(|_| !is_named_late)
    })
}

/// That a second user shares a client within the hour is not written.
fn sharing_within_the_hour_is_not_written() -> Store {
    touching(|usage, activity| {
        let is_later = usage.idle_since() < activity.until();
        let touched = usage.touched(activity)?;
        (is_later || touched.is_shared() == usage.is_shared()).then_some(touched)
    })
}

/// An activity is no use.
fn a_touch_is_no_use() -> Store {
    touching(|usage, activity| {
        let touched = usage.touched(activity)?;
        Some(with_flags(touched, usage.is_used(), touched.is_shared()))
    })
}

/// Registering again is a use.
fn registering_again_is_a_use() -> Store {
    Store::with(|steps| {
        steps.registered_again =
            |usage, activity| usage.touched(Activity::used(activity.until(), None));
    })
}

/// An activity that is no use is written as one.
fn an_activity_that_is_no_use_is_a_use() -> Store {
    touching(|usage, activity| {
        let touched = usage.touched(activity)?;
        Some(with_flags(touched, true, touched.is_shared()))
    })
}

/// The time of an activity is written as it is, without the hour that follows.
fn a_touch_has_no_hour() -> Store {
    touching(|usage, activity| {
        let touched = usage.touched(activity)?;
        Some(idle_since(
            touched,
            usage.idle_since().max(activity.until()),
        ))
    })
}

/// An hour after the last moment is the first moment.
fn time_begins_again() -> Store {
    touching(|usage, activity| {
        let touched = usage.touched(activity)?;
        let is_over = activity.until() > Timestamp::MAX.saturating_sub(HOUR);
        let begun = Timestamp::from_unix_millis(0);
        Some(idle_since(
            touched,
            if is_over { begun } else { touched.idle_since() },
        ))
    })
}

/// Idle times are whole seconds.
fn idle_times_are_seconds() -> Store {
    touching(|usage, activity| {
        let touched = usage.touched(activity)?;
        let seconds = Timestamp::from_unix_seconds(touched.idle_since().unix_seconds());
        Some(idle_since(touched, seconds))
    })
}

/// A client registers in whole seconds.
fn registration_times_are_seconds() -> Store {
    Store::with(|steps| {
        steps.registered = |client| {
            let seconds = client.issued_at().unix_seconds();
            Usage::registered(Timestamp::from_unix_seconds(seconds))
        };
    })
}

/// Idle times end in 2038.
fn idle_times_end_in_2038() -> Store {
    touching(|usage, activity| {
        let touched = usage.touched(activity)?;
        let last = Timestamp::from_unix_seconds(1 << 31);
        Some(idle_since(touched, touched.idle_since().min(last)))
    })
}

/// A new client is idle an hour after it registers.
fn a_registration_has_an_hour() -> Store {
    Store::with(|steps| {
        steps.registered = |client| Usage::registered(client.issued_at().saturating_add(HOUR));
    })
}

/// Blocked clients are not touched.
fn a_blocked_client_is_not_touched() -> Store {
    Store::new().touch_by(|rows, given| match rows.get(&given.0) {
        Some(row) if row.blocked => Ok(TouchOutcome::Unchanged),
        _ => rows.touch(given),
    })
}

/// An activity changes the revision.
fn a_touch_changes_the_revision() -> Store {
    Store::new().touch_by(|rows, given| {
        let outcome = rows.touch(given)?;
        rows.change(&given.0, |row| row.revision += 1);
        Ok(outcome)
    })
}

/// An activity of a missing client changes nothing, and says so.
fn a_touch_of_a_missing_client_is_unchanged() -> Store {
    Store::new().touch_by(|rows, given| match rows.touch(given)? {
        TouchOutcome::Missing => Ok(TouchOutcome::Unchanged),
        outcome => Ok(outcome),
    })
}

/// An activity that changes nothing says that it was written.
fn an_unchanged_touch_is_written() -> Store {
    Store::new().touch_by(|rows, given| match rows.touch(given)? {
        TouchOutcome::Unchanged => Ok(TouchOutcome::Written {
            evicted: Vec::new(),
        }),
        outcome => Ok(outcome),
    })
}

/// An activity touches the clients of other tenants with the same id.
fn a_touch_is_done_in_every_tenant() -> Store {
    Store::new().touch_by(|rows, given| {
        let others = rows
            .stored
            .values_mut()
            .filter(|row| row.at.id == given.0.id);
        for other in others.filter(|row| row.at.tenant != given.0.tenant) {
            other.usage.touch(given.1);
        }
        rows.touch(given)
    })
}

caught! {
    a_touch_may_set_an_earlier_time
    a_touch_is_always_written
    a_touch_is_written_at_the_end_of_its_hour
    a_touch_is_written_a_minute_late
    a_touch_within_the_hour_is_not_written
    a_first_use_within_the_hour_is_not_written
    a_user_within_the_hour_is_not_written
    sharing_within_the_hour_is_not_written
    a_touch_is_no_use
    registering_again_is_a_use
    an_activity_that_is_no_use_is_a_use
    a_touch_has_no_hour
    time_begins_again
    idle_times_are_seconds
    registration_times_are_seconds
    idle_times_end_in_2038
    a_registration_has_an_hour
    a_touch_changes_the_revision
    a_touch_of_a_missing_client_is_unchanged
    an_unchanged_touch_is_written
    a_touch_is_done_in_every_tenant
}

caught! { by an_abandoned_block_is_all_or_nothing:
    a_blocked_client_is_not_touched
}
