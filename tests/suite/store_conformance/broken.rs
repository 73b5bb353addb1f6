//! Stores with one fault each, and the suite, which finds every fault.
//!
//! Each fault is a function that makes the store. The variable `OAUTH_DCR_BROKEN_STORE_ROUNDS` says how often
//! each is tried; which rule finds it is then printed.

mod abandoned;
mod abandoned_removals;
mod activity;
mod blocks;
mod clocks;
mod counter_races;
mod counters;
mod duplicates;
mod evictions;
mod fields;
mod ids;
mod keys;
mod leftovers;
mod limits;
mod lost_races;
mod memory;
mod node_locks;
mod nodes;
mod outcomes;
mod pages;
mod raced_activity;
mod races;
mod record;
mod remembered_clients;
mod reports;
mod revisions;
mod row;
mod rows;
mod scans;
mod sharing;
mod steps;
mod store;
mod sweeps;
mod tasks;
mod torn_reads;
mod unreadable;
mod updates;
mod user_evictions;
mod users;
mod write_behind;

use std::{
    env, fs,
    io::{self, Write as _},
    path::Path,
    pin::Pin,
};

use oauth_dcr::conformance;
use row::{Answer, At, Page, Row, failure};
use rows::Rows;
use store::{Nodes, Store, Table};

/// How often each fault is tried: once, or as often as this variable says.
const ROUNDS: &str = "OAUTH_DCR_BROKEN_STORE_ROUNDS";

type Check = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tries a store with a fault. With a number of rounds, the whole suite has to find the fault and
/// to name a rule; otherwise `rule` has to find it, if it is given.
async fn assert_caught<N: Into<Nodes>>(
    fault: &str,
    store: fn() -> N,
    rule: Option<fn(Store) -> Check>,
) {
    let rounds = env::var(ROUNDS).ok();
    let rounds: Option<u32> = rounds.map(|it| it.parse().expect("a number"));
    if let (Some(rule), None) = (rule, rounds) {
        let says = said(rule(store().into().0)).await;
        assert!(says.is_some(), "{fault} is not caught");
        return;
    }
    for round in 1..=rounds.unwrap_or(1) {
        let says = verdict(store().into()).await;
        let says = says.unwrap_or_else(|| panic!("{fault} is not caught in round {round}"));
        let named = says.strip_prefix("the rule `").map(|it| it.split('`'));
        let rule = named.and_then(|mut it| it.next());
        let rule = rule.unwrap_or_else(|| panic!("{fault}: no rule is named: {says}"));
        if rounds.is_some() {
            let mut output = io::stdout().lock();
            writeln!(output, "{fault} is caught by {rule}\n{says}").unwrap();
        }
    }
}

/// The suite's message, if it finds a fault.
async fn verdict(Nodes(first, second): Nodes) -> Option<String> {
    said(conformance::client_store_nodes(first, second)).await
}

/// A check's message, if it finds a fault.
async fn said(check: impl Future<Output = ()> + Send + 'static) -> Option<String> {
    let panic = tokio::spawn(check).await.err()?.into_panic();
    // A panic message without values is no `String`.
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast::<String>().ok().map(|it| *it))
}

/// A test for each fault. Rules that run late in the suite are tried alone, which takes less time.
macro_rules! caught {
    ($($fault:ident)*) => {
        $crate::store_conformance::broken::tests!(
            caught; flavor = "multi_thread"; None; $($fault)*
        );
    };
    (by $rule:ident: $($fault:ident)*) => {
        mod $rule {
            use super::*;
            $crate::store_conformance::broken::tests!(
                caught; flavor = "multi_thread";
                Some(|store| Box::pin(oauth_dcr::conformance::store::$rule(store)));
                $($fault)*
            );
        }
    };
    (on a paused clock: $($fault:ident)*) => {
        $crate::store_conformance::broken::tests!(
            caught_on_a_paused_clock; start_paused = true; None; $($fault)*
        );
    };
    (on any runtime: $($fault:ident)*) => {
        $crate::store_conformance::broken::tests!(
            caught_on_threads; flavor = "multi_thread"; None; $($fault)*
        );
        $crate::store_conformance::broken::tests!(
            caught_on_one_thread; flavor = "current_thread"; None; $($fault)*
        );
    };
    (on any runtime by $rule:ident: $($fault:ident)*) => {
        mod $rule {
            use super::*;
            $crate::store_conformance::broken::tests!(
                caught_on_threads; flavor = "multi_thread";
                Some(|store| Box::pin(oauth_dcr::conformance::store::$rule(store)));
                $($fault)*
            );
            $crate::store_conformance::broken::tests!(
                caught_on_one_thread; flavor = "current_thread";
                Some(|store| Box::pin(oauth_dcr::conformance::store::$rule(store)));
                $($fault)*
            );
        }
    };
}

macro_rules! tests {
    ($module:ident; $runtime:meta; $rule:expr; $($fault:ident)*) => {
        mod $module {
            $(
                #[tokio::test($runtime)]
                async fn $fault() {
                    let (name, store) = (stringify!($fault), super::$fault);
                    $crate::store_conformance::broken::assert_caught(name, store, $rule).await;
                }
            )*
        }
    };
}

use {caught, tests};

/// The store from which the faults are made is correct.
#[tokio::test(flavor = "multi_thread")]
async fn the_store_without_a_fault_passes() {
    let stores = [Store::new(), Store::new().one_by_one()];
    let [first, second] = stores.map(|store| verdict(store.into()));
    assert_eq!(tokio::join!(first, second), (None, None));
}

/// The faults in the files beside this file, and whether each has a test.
#[test]
fn every_fault_is_tried() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = fs::read_dir(root.join("tests/suite/store_conformance/broken")).unwrap();
    let mut faults = 0;
    for file in files {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let functions = text.lines().filter_map(|line| line.strip_prefix("fn "));
        for fault in functions.filter_map(|line| line.split_once("() -> ")) {
            let is_tried = text.lines().any(|line| line.trim_start() == fault.0);
            assert!(is_tried, "{} is not tried", fault.0);
            faults += 1;
        }
    }
    assert!(faults > 400, "there are only {faults} faults");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_names_the_broken_rule() {
    let overwrites = Store::new().insert_by(|rows, insertion| {
        let outcome = rows.insert(insertion);
        rows.put_row(insertion);
        outcome
    });
    let says = verdict(overwrites.into()).await.unwrap();
    let rule = "the rule `a_taken_id_is_never_overwritten` is broken.\n\
        An insertion does not change the client that already has the id.\n";
    assert!(says.starts_with(rule), "{says}");
    assert!(says.len() > rule.len(), "{says}");
}
