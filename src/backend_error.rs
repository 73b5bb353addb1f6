//! How the outside world fails.

use std::{error::Error, fmt};

/// A store, a limiter or a directory could not do its work; the source says why.
///
/// The answer to the client is always the same, `temporarily_unavailable`: a failure closes.
#[derive(Debug)]
pub struct BackendError {
    backend: &'static str,
    place: Option<String>,
    source: Box<dyn Error + Send + Sync>,
}

impl BackendError {
    /// The failure `source` of the back end called `backend`, such as `"postgres"`.
    pub fn new(backend: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            backend,
            place: None,
            source: source.into(),
        }
    }

    /// Says where the back end is, such as the path of a file or the address of a server. `Display`
    /// prints it, so it must not hold a password.
    #[must_use]
    pub fn at(self, place: impl Into<String>) -> Self {
        Self {
            place: Some(place.into()),
            ..self
        }
    }

    /// The name of the back end.
    pub const fn backend(&self) -> &'static str {
        self.backend
    }

    /// Where the back end is, if the error says.
    pub fn place(&self) -> Option<&str> {
        self.place.as_deref()
    }
}

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the back end `{}`", self.backend)?;
        if let Some(place) = &self.place {
            write!(f, " at {place}")?;
        }
        f.write_str(" failed")
    }
}

impl Error for BackendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}
