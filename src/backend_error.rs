//! The error of the services that this crate calls.

use std::{error::Error, fmt};

/// The failure of a store, a rate limiter or a tenant directory. Its source says why the call failed.
///
/// The request is refused, and the client always gets the same error, `temporarily_unavailable`.
#[derive(Debug)]
pub struct BackendError {
    backend: &'static str,
    place: Option<String>,
    source: Box<dyn Error + Send + Sync>,
}

impl BackendError {
    /// A failure of the back end with the name `backend`, such as `"postgres"`, caused by `source`.
    pub fn new(backend: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            backend,
            place: None,
            source: source.into(),
        }
    }

    /// Adds where the back end is, such as the path of a file or the address of a server. `Display`
    /// prints it, so it must not contain a password.
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

    /// Where the back end is, if known.
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
