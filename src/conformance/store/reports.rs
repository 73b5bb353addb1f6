//! The reports of a store about an insertion.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{conformance::store::call::Outcome, store::InsertOutcome};

/// The reports about one insertion.
#[derive(Default)]
pub(super) struct Reports(Arc<Mutex<Vec<InsertOutcome>>>);

impl Reports {
    /// The function that the store calls with the outcome.
    pub(super) fn reporter(&self) -> impl FnOnce(&InsertOutcome) + Send + Sync + 'static {
        let reports = Arc::clone(&self.0);
        move |outcome| {
            let mut reports = reports.lock().unwrap_or_else(PoisonError::into_inner);
            reports.push(outcome.clone());
        }
    }

    pub(super) fn all(&self) -> Vec<InsertOutcome> {
        let reports = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reports.clone()
    }

    /// Whether the store has dropped the insertion, so that no report can follow.
    pub(super) fn are_complete(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// Returns the outcome of a call if the store has reported it before it returned.
    pub(super) fn checked(&self, outcome: Outcome) -> Outcome {
        let expected = match &outcome {
            Outcome::Inserted(outcome) => vec![outcome.clone()],
            _ => Vec::new(),
        };
        let reports = self.all();
        if reports == expected {
            return outcome;
        }
        Outcome::Failed(format!("{outcome}, with the reports {reports:?}"))
    }
}
