//! Times, in words.

use std::time::Duration;

use jiff::Timestamp as Moment;
use oauth_dcr::Timestamp;

/// A span in the largest unit that fits: `3 days`.
pub(crate) fn in_words(span: Duration) -> String {
    let units = [(24 * 60 * 60, "day"), (60 * 60, "hour"), (60, "minute")];
    for (length, unit) in units {
        match span.as_secs() / length {
            0 => {}
            1 => return format!("1 {unit}"),
            count => return format!("{count} {unit}s"),
        }
    }
    "less than a minute".to_owned()
}

/// A moment as a date with a time: `1 December 2026, 17:05 UTC`.
pub(crate) fn date(at: Timestamp) -> String {
    let seconds = i64::try_from(at.unix_seconds()).ok();
    let moment = seconds.and_then(|seconds| Moment::from_second(seconds).ok());
    moment.map_or_else(String::new, |moment| {
        moment.strftime("%-d %B %Y, %H:%M UTC").to_string()
    })
}
