use std::time::Duration;

use redis::RedisError;

use crate::{
    backend_error::BackendError,
    redis::{bucket::InvalidReply, outage::Outage},
};

/// The name of this back end in errors.
pub(super) const NAME: &str = "redis";

/// Why there is no decision of Redis.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unanswered {
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    #[error("an earlier request got no answer, and the next attempt is not due yet")]
    Suspended,
    #[error("the request failed")]
    Failed(#[from] RedisError),
    #[error(transparent)]
    Invalid(#[from] InvalidReply),
}

impl Unanswered {
    /// The outage that is the cause. `None`: Redis has answered.
    pub(super) fn outage(&self) -> Option<Outage> {
        match self {
            Self::TimedOut(_) => Some(Outage::Silent),
            Self::Suspended => Some(Outage::Unavailable),
            Self::Failed(error) => Outage::from_error(error),
            Self::Invalid(_) => None,
        }
    }
}

impl From<Unanswered> for BackendError {
    fn from(unanswered: Unanswered) -> Self {
        Self::new(NAME, unanswered)
    }
}
