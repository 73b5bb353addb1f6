//! Connects a job with its caller.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering::AcqRel, Ordering::Acquire},
};

use tokio::sync::oneshot;

use crate::backend_error::BackendError;

/// Sends the outcome of a job to its caller. If it is dropped, the caller gets an error.
pub(crate) struct Reply<T>(oneshot::Sender<Result<T, BackendError>>);

/// Decides between the committer, which begins a job, and the caller, which may give it up. Only the first of the two
/// succeeds.
#[derive(Clone, Default)]
pub(super) struct Start(Arc<AtomicU8>);

/// Gives up a job when its caller goes away.
pub(super) struct Caller(pub(super) Start);

/// Why a caller got no outcome.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(super) enum NoOutcome {
    #[error("the call did not begin in time, and was not carried out")]
    NotBegun,
    #[error("there was no answer in time; the call may have been carried out")]
    Late,
    #[error("the task that writes panicked or ended; the call may have been carried out")]
    Lost,
}

impl<T> Reply<T> {
    /// A reply, and the receiver of its outcome.
    pub(crate) fn new() -> (Self, oneshot::Receiver<Result<T, BackendError>>) {
        let (sender, receiver) = oneshot::channel();
        (Self(sender), receiver)
    }

    /// Sends the outcome, if the caller still waits.
    pub(crate) fn send(self, outcome: Result<T, BackendError>) {
        let _ = self.0.send(outcome);
    }
}

impl Start {
    const WAITING: u8 = 0;
    const BEGUN: u8 = 1;
    const GIVEN_UP: u8 = 2;

    /// Marks the job as begun. Returns false if its caller gave it up.
    pub(super) fn begin(&self) -> bool {
        self.leave_waiting(Self::BEGUN)
    }

    /// Marks the job as given up. Returns false if it has begun.
    pub(super) fn give_up(&self) -> bool {
        self.leave_waiting(Self::GIVEN_UP)
    }

    fn leave_waiting(&self, next: u8) -> bool {
        let changed = self
            .0
            .compare_exchange(Self::WAITING, next, AcqRel, Acquire);
        changed.is_ok()
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.give_up();
    }
}
