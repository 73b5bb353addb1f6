//! The last calls of a rule.

use std::{collections::VecDeque, fmt};

use crate::{
    conformance::store::call::{Call, Outcome},
    types::TenantId,
};

/// How many calls are kept.
const MOST_CALLS: usize = 24;

/// The last calls, in the order in which they began.
#[derive(Default)]
pub(super) struct Log {
    calls: VecDeque<Logged>,
    begun: u64,
}

struct Logged {
    number: u64,
    tenant: TenantId,
    node: &'static str,
    call: Call,
    /// Missing while the call runs, or if its caller went away.
    outcome: Option<Outcome>,
}

impl Log {
    /// Keeps a call that begins. Returns its number.
    pub(super) fn begin(&mut self, tenant: &TenantId, node: &'static str, call: Call) -> u64 {
        self.begun += 1;
        if self.calls.len() == MOST_CALLS {
            self.calls.pop_front();
        }
        self.calls.push_back(Logged {
            number: self.begun,
            tenant: tenant.clone(),
            node,
            call,
            outcome: None,
        });
        self.begun
    }

    pub(super) fn end(&mut self, number: u64, outcome: Outcome) {
        let mut calls = self.calls.iter_mut();
        if let Some(call) = calls.find(|call| call.number == number) {
            call.outcome = Some(outcome);
        }
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The last of {} calls of the rule:", self.begun)?;
        for logged in &self.calls {
            let Logged {
                number,
                tenant,
                node,
                call,
                outcome,
            } = logged;
            write!(f, "\n{number:>5}. {node} node, {tenant}: {call} → ")?;
            match outcome {
                Some(outcome) => write!(f, "{outcome}")?,
                None => f.write_str("no answer")?,
            }
        }
        Ok(())
    }
}
