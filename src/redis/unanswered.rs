use std::time::Duration;

use redis::RedisError;

use crate::{
    backend_error::BackendError,
    redis::{bucket::InvalidReply, outage::Outage},
};

/// The name in errors.
pub(super) const NAME: &str = "redis";

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
    /// The outage that this tells of. `None`: Redis has answered.
    pub(super) fn outage(&self) -> Option<Outage> {
        match self {
            Self::TimedOut(_) => Some(Outage::Silent),
            Self::Lately => Some(Outage::Unavailable),
            Self::Failed(error) => Outage::told_by(error),
            Self::Nonsense(_) => None,
        }
    }
}

impl From<Unanswered> for BackendError {
    fn from(unanswered: Unanswered) -> Self {
        Self::new(NAME, unanswered)
    }
}
