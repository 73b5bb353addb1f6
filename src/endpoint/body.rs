use std::fmt;

use bytes::Bytes;
use http::Response;

use crate::{endpoint::response::Frame, engine::Admission, error::RegistrationError};

/// The body of an admitted request, collected as it comes and never past its bound.
///
/// Push what arrives until there is no more or [`BodyProgress::Full`], then
/// [finish](RegistrationBody::finish).
#[must_use = "an admitted request that is not finished gets no answer"]
pub struct RegistrationBody {
    admission: Admission,
    frame: Frame,
    bytes: Vec<u8>,
    is_too_large: bool,
}

/// Whether more of a body is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum BodyProgress {
    /// More may come.
    More,
    /// The body is larger than allowed: read no further and finish, which answers 413.
    Full,
}

impl RegistrationBody {
    pub(super) fn new(admission: Admission, frame: Frame) -> Self {
        Self {
            admission,
            frame,
            bytes: Vec::new(),
            is_too_large: false,
        }
    }

    /// Takes the next piece of the body.
    pub fn push(&mut self, chunk: &[u8]) -> BodyProgress {
        let length = self.bytes.len().saturating_add(chunk.len());
        self.is_too_large |= length > self.max_bytes();
        if self.is_too_large {
            self.bytes = Vec::new();
            return BodyProgress::Full;
        }
        self.bytes.extend_from_slice(chunk);
        BodyProgress::More
    }

    /// Registers the client that the body asks for, and answers.
    ///
    /// A caller that drops this future leaves either nothing or a whole client behind.
    pub async fn finish(self) -> Response<Bytes> {
        if self.is_too_large {
            let max = self.max_bytes();
            return self.refuse(RegistrationError::BodyTooLarge { max });
        }
        let Self {
            admission,
            frame,
            bytes,
            ..
        } = self;
        match admission.register_json(&bytes).await {
            Ok(registered) => frame.created(registered),
            Err(error) => frame.refused(&error),
        }
    }

    /// Answers 400 for a body that broke off.
    pub fn abandon(self) -> Response<Bytes> {
        self.refuse(RegistrationError::BodyIncomplete)
    }

    /// Answers 408 for a body that was not there in time (RFC 9110 section 15.5.9).
    pub fn time_out(self) -> Response<Bytes> {
        self.refuse(RegistrationError::BodyTimeout)
    }

    pub(super) fn refuse(self, error: RegistrationError) -> Response<Bytes> {
        let error = self.admission.refuse(error);
        self.frame.refused(&error)
    }

    fn max_bytes(&self) -> usize {
        self.admission.settings().registration.max_body_bytes
    }
}

/// How much has come, never what: it may hold a secret.
impl fmt::Debug for RegistrationBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistrationBody")
            .field("admission", &self.admission)
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}
