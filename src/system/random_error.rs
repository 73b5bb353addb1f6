use std::error::Error;

/// The source of random bytes failed.
#[derive(Debug, thiserror::Error)]
#[error("no random bytes are available")]
pub struct RandomError(#[source] Box<dyn Error + Send + Sync>);

impl RandomError {
    /// A failure caused by `source`.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}
