//! Stores whose clocks are wrong.

use std::time::{Duration, SystemTime};

use oauth_dcr::Timestamp;

use super::*;

const TWO_DAYS: Duration = Duration::from_hours(48);

impl Rows {
    /// A store without a clock.
    #[expect(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        clippy::trivially_copy_pass_by_ref,
        reason = "all calls have this form"
    )]
    pub(super) const fn now(&mut self, (): &()) -> Answer<Option<Timestamp>> {
        Ok(None)
    }
}

/// The time, which is ahead by this much.
fn time(ahead: Duration) -> Timestamp {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap() + ahead;
    Timestamp::from_unix_millis(u64::try_from(since.as_millis()).unwrap())
}

type Clock = fn() -> Option<Timestamp>;

/// Two nodes with these clocks.
fn nodes(clocks: [Clock; 2]) -> Nodes {
    let table = Table::default();
    let [first, second] = clocks.map(|read| {
        let node = Store::on(table.clone());
        node.now_slowly(move |_, ()| async move { Ok(read()) })
    });
    Nodes(first, second)
}

/// The seconds of the clock are taken for milliseconds.
fn seconds_are_taken_for_milliseconds() -> Nodes {
    let read = || {
        Some(Timestamp::from_unix_millis(
            time(Duration::ZERO).unix_seconds(),
        ))
    };
    nodes([read; 2])
}

/// The milliseconds of the clock are taken for seconds.
fn milliseconds_are_taken_for_seconds() -> Nodes {
    let read = || {
        Some(Timestamp::from_unix_seconds(
            time(Duration::ZERO).unix_millis(),
        ))
    };
    nodes([read; 2])
}

/// The time is read once.
fn a_clock_stands_still() -> Store {
    Store::new().now_by(|_, ()| Ok(Some(Timestamp::from_unix_seconds(1_700_000_000))))
}

/// Each node has a clock of its own.
fn each_node_has_its_own_clock() -> Nodes {
    nodes([|| Some(time(Duration::ZERO)), || Some(time(TWO_DAYS))])
}

/// The second node has no clock.
fn the_second_node_has_no_clock() -> Nodes {
    nodes([|| Some(time(Duration::ZERO)), || None])
}

/// The first node has no clock.
fn the_first_node_has_no_clock() -> Nodes {
    nodes([|| None, || Some(time(Duration::ZERO))])
}

caught! {
    seconds_are_taken_for_milliseconds
    milliseconds_are_taken_for_seconds
    a_clock_stands_still
    each_node_has_its_own_clock
    the_second_node_has_no_clock
    the_first_node_has_no_clock
}

#[tokio::test]
async fn a_shared_clock_is_right() {
    let Nodes(store, _) = nodes([|| Some(time(Duration::ZERO)); 2]);
    let rule = conformance::store::the_clocks_of_all_nodes_agree(store);
    assert_eq!(said(rule).await, None);
}
