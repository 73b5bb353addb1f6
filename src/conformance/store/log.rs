//! The last calls of a rule.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    conformance::store::call::{Call, Outcome},
    types::TenantId,
};

/// How many calls the log keeps, and how many it shows.
const MAX_LOGGED: usize = 400;
const MAX_SHOWN: usize = 24;

/// The last calls and all running calls, in the order in which they began.
#[derive(Default)]
pub(super) struct Log(Mutex<Calls>);

#[derive(Default)]
struct Calls {
    last: VecDeque<Logged>,
    begun: u64,
}

struct Logged {
    number: u64,
    tenant: TenantId,
    node: &'static str,
    call: Call,
    end: End,
}

enum End {
    Running,
    CallerLeft,
    Answered(Outcome),
}

/// A running call.
pub(super) struct Running<'a> {
    log: &'a Log,
    number: u64,
}

impl Log {
    /// Records the beginning of a call.
    pub(super) fn begin(&self, tenant: &TenantId, node: &'static str, call: Call) -> Running<'_> {
        let mut calls = self.lock();
        calls.begun += 1;
        let number = calls.begun;
        if calls.last.len() >= MAX_LOGGED {
            let has_ended = |logged: &Logged| !matches!(logged.end, End::Running);
            if let Some(place) = calls.last.iter().position(has_ended) {
                calls.last.remove(place);
            }
        }
        calls.last.push_back(Logged {
            number,
            tenant: tenant.clone(),
            node,
            call,
            end: End::Running,
        });
        Running { log: self, number }
    }

    /// The last calls and all running calls, one in each line. If `seen` names tenants, only their calls are shown.
    pub(super) fn shown(&self, seen: &str) -> String {
        let calls = self.lock();
        let is_named = |logged: &&Logged| seen.contains(logged.tenant.as_str());
        let names_none = !calls.last.iter().any(|logged| is_named(&logged));
        let shown: Vec<_> = { calls.last.iter() }
            .filter(|logged| names_none || is_named(logged))
            .collect();
        let older = shown.len().saturating_sub(MAX_SHOWN);
        let mut text = format!("The last of {} calls of the rule:", calls.begun);
        for (place, logged) in shown.into_iter().enumerate() {
            if place < older && !matches!(logged.end, End::Running) {
                continue;
            }
            let (number, node, tenant, call) =
                (logged.number, logged.node, &logged.tenant, &logged.call);
            // Writing to a `String` does not fail.
            let _written = write!(text, "\n{number:>5}. {node} node, {tenant}: {call} → ");
            let _written = match &logged.end {
                End::Running => write!(text, "still running"),
                End::CallerLeft => write!(text, "the caller went away"),
                End::Answered(outcome) => write!(text, "{outcome}"),
            };
        }
        text
    }

    fn lock(&self) -> MutexGuard<'_, Calls> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running<'_> {
    /// Records the outcome.
    pub(super) fn end(self, outcome: Outcome) {
        self.record(End::Answered(outcome));
    }

    fn record(&self, end: End) {
        let mut calls = self.log.lock();
        let mut last = calls.last.iter_mut();
        if let Some(call) = last.find(|call| call.number == self.number)
            && matches!(call.end, End::Running)
        {
            call.end = end;
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // During a panic, the suite itself drops a call that never ends. The log shows this call as running.
        if !std::thread::panicking() {
            self.record(End::CallerLeft);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{conformance::store::fixture::id, store::RemoveOutcome};

    fn tenant(name: &str) -> TenantId {
        TenantId::parse(name).unwrap()
    }

    fn remove() -> Call {
        Call::Remove(id("a"))
    }

    #[test]
    fn a_running_call_is_always_shown() {
        let log = Log::default();
        let tenant = tenant("t");
        let running = log.begin(&tenant, "first", remove());
        for _ in 0..1_000 {
            let call = log.begin(&tenant, "second", remove());
            call.end(Outcome::Removed(RemoveOutcome::Missing));
        }
        drop(log.begin(&tenant, "second", remove()));
        let text = log.shown("seen");
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 2 + MAX_SHOWN, "{text}");
        assert_eq!(lines[0], "The last of 1002 calls of the rule:");
        assert_eq!(lines[1], "    1. first node, t: remove a → still running");
        let last = " 1002. second node, t: remove a → the caller went away";
        assert_eq!(lines[1 + MAX_SHOWN], last);
        running.end(Outcome::Removed(RemoveOutcome::Removed));
    }

    #[test]
    fn calls_of_other_tenants_are_left_out() {
        let log = Log::default();
        for name in ["tenant-1", "tenant-2"] {
            let call = log.begin(&tenant(name), "first", remove());
            call.end(Outcome::Removed(RemoveOutcome::Missing));
        }
        let text = log.shown("seen in tenant-2");
        assert!(
            text.contains("tenant-2") && !text.contains("tenant-1"),
            "{text}"
        );
        assert!(log.shown("seen").contains("tenant-1"));
    }
}
