//! Stores that report the outcomes of insertions wrongly.

use std::sync::Arc;

use oauth_dcr::store::{InsertOutcome, Insertion};
use tokio::task::yield_now;

use super::*;

const INSERTED: InsertOutcome = InsertOutcome::Inserted {
    removed: Vec::new(),
};

/// A store that reports other outcomes than it returns, or none.
fn reporting(report: fn(&InsertOutcome) -> Option<InsertOutcome>) -> Store {
    Store::new().insert_and_report(move |table, insertion| async move {
        let outcome = table.alone(|rows| rows.insert(&insertion))?;
        if let Some(reported) = report(&outcome) {
            insertion.settle(reported);
        }
        Ok(outcome)
    })
}

/// A store that waits before it reports some outcomes.
fn reporting_late(is_late: fn(&InsertOutcome) -> bool) -> Store {
    Store::new().insert_and_report(move |table, insertion| async move {
        let outcome = table.alone(|rows| rows.insert(&insertion))?;
        if is_late(&outcome) {
            yield_now().await;
        }
        Ok(insertion.settle(outcome))
    })
}

/// Nothing is reported.
fn nothing_is_reported() -> Store {
    reporting(|_| None)
}

/// Only insertions are reported.
fn only_insertions_are_reported() -> Store {
    reporting(|outcome| {
        Some(outcome.clone()).filter(|it| matches!(it, InsertOutcome::Inserted { .. }))
    })
}

/// Duplicates are not reported.
fn duplicates_are_not_reported() -> Store {
    reporting(|outcome| {
        Some(outcome.clone()).filter(|it| !matches!(it, InsertOutcome::Duplicate(_)))
    })
}

/// A taken id is not reported.
fn a_taken_id_is_not_reported() -> Store {
    reporting(|outcome| Some(outcome.clone()).filter(|it| *it != InsertOutcome::IdTaken))
}

/// A full tenant is not reported.
fn a_full_tenant_is_not_reported() -> Store {
    reporting(|outcome| Some(outcome.clone()).filter(|it| *it != InsertOutcome::Full))
}

/// An insertion that evicts is not reported.
fn evictions_are_not_reported() -> Store {
    reporting(|outcome| match outcome {
        InsertOutcome::Inserted { removed } if !removed.is_empty() => None,
        outcome => Some(outcome.clone()),
    })
}

/// The report leaves out the evicted clients.
fn a_report_names_no_evicted_client() -> Store {
    reporting(|outcome| match outcome {
        InsertOutcome::Inserted { .. } => Some(INSERTED),
        outcome => Some(outcome.clone()),
    })
}

/// A taken id is reported as an insertion.
fn a_taken_id_is_reported_as_stored() -> Store {
    reporting(|outcome| match outcome {
        InsertOutcome::IdTaken => Some(INSERTED),
        outcome => Some(outcome.clone()),
    })
}

/// The expected outcome is reported before the work is done.
fn a_report_comes_before_the_insertion() -> Store {
    Store::new().insert_and_report(|table, insertion| async move {
        let same = Insertion::new(insertion.client().clone());
        let same = same.deduplicated_by(insertion.duplicate_key());
        if insertion.is_plain() {
            insertion.settle(INSERTED);
            yield_now().await;
            return table.alone(|rows| rows.insert(&same));
        }
        let outcome = table.alone(|rows| rows.insert(&insertion))?;
        Ok(insertion.settle(outcome))
    })
}

/// An insertion is reported once its caller has the outcome.
fn a_report_comes_after_the_outcome() -> Store {
    Store::new().insert_and_report(|table, insertion| async move {
        let outcome = table.alone(|rows| rows.insert(&insertion))?;
        let reported = outcome.clone();
        tokio::spawn(async move {
            yield_now().await;
            insertion.settle(reported)
        });
        Ok(outcome)
    })
}

/// Insertions of callers who went away are not reported.
fn an_abandoned_insertion_is_not_reported() -> Store {
    reporting_late(|outcome| matches!(outcome, InsertOutcome::Inserted { .. }))
}

/// Duplicates of callers who went away are not reported.
fn an_abandoned_duplicate_is_not_reported() -> Store {
    reporting_late(|outcome| matches!(outcome, InsertOutcome::Duplicate(_)))
}

/// Insertions that evict, of callers who went away, are not reported.
fn an_abandoned_eviction_is_not_reported() -> Store {
    reporting_late(|outcome| match outcome {
        InsertOutcome::Inserted { removed } => !removed.is_empty(),
        _ => false,
    })
}

/// Of insertions that race, those that stored nothing are not reported.
fn losers_of_races_are_not_reported() -> Store {
    Store::new().insert_and_report(|table, insertion| async move {
        let at = At::of(insertion.client());
        let was_free = table.alone(|rows| rows.get(&at).is_none());
        yield_now().await;
        let outcome = table.alone(|rows| rows.insert(&insertion))?;
        if was_free && outcome == InsertOutcome::IdTaken {
            return Ok(outcome);
        }
        Ok(insertion.settle(outcome))
    })
}

/// An insertion that fails is reported.
fn a_failure_is_reported() -> Store {
    Store::new().insert_and_report(|table, insertion| async move {
        let outcome = table.alone(|rows| rows.insert(&insertion));
        match outcome {
            Ok(outcome) => Ok(insertion.settle(outcome)),
            Err(error) => {
                insertion.settle(InsertOutcome::IdTaken);
                Err(error)
            }
        }
    })
}

caught! {
    nothing_is_reported
    only_insertions_are_reported
    duplicates_are_not_reported
    a_taken_id_is_not_reported
    a_full_tenant_is_not_reported
    evictions_are_not_reported
    a_report_names_no_evicted_client
    a_taken_id_is_reported_as_stored
    a_failure_is_reported
}

caught! { on any runtime:
    a_report_comes_after_the_outcome
}

caught! { on any runtime by interleaved_calls_have_an_order:
    losers_of_races_are_not_reported
}

/// An insertion whose caller went away is kept, and neither reported nor dropped.
fn an_abandoned_insertion_is_kept() -> Store {
    let kept: Arc<std::sync::Mutex<Vec<Arc<Insertion>>>> = Arc::default();
    Store::new().insert_and_report(move |table, insertion| {
        let kept = Arc::clone(&kept);
        async move {
            let insertion = Arc::new(insertion);
            kept.lock().unwrap().push(Arc::clone(&insertion));
            yield_now().await;
            kept.lock()
                .unwrap()
                .retain(|it| !Arc::ptr_eq(it, &insertion));
            let outcome = table.alone(|rows| rows.insert(&insertion))?;
            let insertion = Arc::into_inner(insertion).expect("the call has ended");
            Ok(insertion.settle(outcome))
        }
    })
}

// A rule waits for late reports.
caught! { on a paused clock:
    a_report_comes_before_the_insertion
    an_abandoned_insertion_is_not_reported
    an_abandoned_duplicate_is_not_reported
    an_abandoned_eviction_is_not_reported
    an_abandoned_insertion_is_kept
}
