use std::fmt;

use bytes::Bytes;
use http::Response;

use crate::{endpoint::response::Frame, engine::Admission, error::RegistrationError};

/// The body of an admitted request. It collects chunks, up to the size limit.
///
/// Push each chunk that arrives until the body ends or [`BodyProgress::Full`] is returned. Then call
/// [`finish`](RegistrationBody::finish).
#[must_use = "an admitted request that is not finished gets no response"]
pub struct RegistrationBody {
    admission: Admission,
    frame: Frame,
    bytes: Vec<u8>,
    is_too_large: bool,
}

/// Whether to read more of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum BodyProgress {
    /// Read the next chunk, if there is one.
    More,
    /// The body is larger than allowed. Stop reading and finish, which answers 413.
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

    /// Adds the next chunk of the body.
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

    /// Registers the client that the body describes, and returns the response.
    ///
    /// If the caller drops this future, the client is either stored completely or not at all.
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

    /// Returns the response for a body that ended too early: 400.
    pub fn abandon(self) -> Response<Bytes> {
        self.refuse(RegistrationError::BodyIncomplete)
    }

    /// Returns the response for a body that did not arrive in time: 408 (RFC 9110 section 15.5.9).
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

/// Shows how many bytes were received. It never shows the bytes, because they may contain a secret.
impl fmt::Debug for RegistrationBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistrationBody")
            .field("admission", &self.admission)
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}
