use std::time::Duration;

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::redis::bucket::InvalidReply;

/// Why Redis decided nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unanswered {
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    #[error("it did not answer just now, and is not asked again yet")]
    Lately,
    #[error("the request failed")]
    Failed(#[from] RedisError),
    #[error(transparent)]
    Nonsense(#[from] InvalidReply),
}

impl Unanswered {
    /// Whether Redis can't be reached or doesn't serve; else it has answered.
    pub(super) fn is_outage(&self) -> bool {
        match self {
            Self::TimedOut(_) | Self::Lately => true,
            Self::Failed(error) => is_outage(error),
            Self::Nonsense(_) => false,
        }
    }
}

/// Whether `error` says that Redis can't be reached or doesn't serve; else it has answered.
pub(super) fn is_outage(error: &RedisError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Io
            | ErrorKind::ClusterConnectionNotFound
            | ErrorKind::Server(
                ServerErrorKind::BusyLoading
                    | ServerErrorKind::ClusterDown
                    | ServerErrorKind::MasterDown
                    | ServerErrorKind::TryAgain
            )
    )
}
