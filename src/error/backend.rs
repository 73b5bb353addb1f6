use std::{error::Error, fmt};

/// A store, a limiter or a directory could not do its work; the source says why.
///
/// The answer to the client is always the same, `temporarily_unavailable`: a failure closes.
#[derive(Debug)]
pub struct BackendError {
    backend: &'static str,
    source: Box<dyn Error + Send + Sync>,
}

impl BackendError {
    /// The failure `source` of the back end called `backend`, such as `"postgres"`.
    pub fn new(backend: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            backend,
            source: source.into(),
        }
    }

    /// The name of the back end.
    pub const fn backend(&self) -> &'static str {
        self.backend
    }
}

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the back end `{}` failed", self.backend)
    }
}

impl Error for BackendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

/// The source of random bytes failed.
#[derive(Debug, thiserror::Error)]
#[error("no random bytes to be had")]
pub struct RandomError(#[source] Box<dyn Error + Send + Sync>);

impl RandomError {
    /// A failure caused by `source`.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}
