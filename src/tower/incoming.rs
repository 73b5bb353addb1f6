//! Reads the body of a request.

use std::pin::Pin;

use bytes::Buf as _;
use http::{
    Version,
    header::{CONNECTION, CONTENT_LENGTH, EXPECT},
    request::Parts,
};
use http_body::Body;
use http_body_util::BodyExt as _;

use crate::endpoint::{BodyProgress, RegistrationBody};

/// The most bytes of a refused body that are discarded: the default size limit of a registration.
const MAX_DISCARDED: u64 = 65_536;

/// How far a body was read.
pub(super) enum Collected {
    Whole,
    TooLarge,
    BrokenOff,
}

/// Reads the body to its end, or up to the size limit.
pub(super) async fn collect<B: Body>(
    body: &mut RegistrationBody,
    mut incoming: Pin<&mut B>,
) -> Collected {
    while let Some(frame) = incoming.frame().await {
        let Ok(frame) = frame else {
            return Collected::BrokenOff;
        };
        // Trailers are ignored.
        let Ok(mut data) = frame.into_data() else {
            continue;
        };
        while data.has_remaining() {
            let taken = data.chunk().len();
            if body.push(data.chunk()) == BodyProgress::Full {
                return Collected::TooLarge;
            }
            data.advance(taken);
        }
    }
    Collected::Whole
}

/// Reads and discards the rest of a body. Otherwise a client that still writes to a closed connection may not be able to
/// read the response (RFC 9112 section 9.6). Returns false if this is not worth it: the rest is too large, or the client
/// waits for permission before it sends the rest.
pub(super) async fn discard<B: Body>(head: &Parts, mut incoming: Pin<&mut B>) -> bool {
    if incoming.is_end_stream() {
        return true;
    }
    let client_waits = head.headers.contains_key(EXPECT);
    if !can_be_reused(head) || client_waits || declared(head) > MAX_DISCARDED {
        return false;
    }
    let mut discarded = 0_u64;
    while let Some(frame) = incoming.frame().await {
        let Ok(frame) = frame else { return false };
        let length = frame.data_ref().map_or(0, |data| data.remaining() as u64);
        discarded = discarded.saturating_add(length);
        if discarded > MAX_DISCARDED {
            return false;
        }
    }
    true
}

/// Whether the connection can be reused for another request unless the response says otherwise. With HTTP/1.0, the request
/// has to ask for this (RFC 9112 section 9.3). With HTTP/2, the answer is false, because only the stream ends.
pub(super) fn can_be_reused(head: &Parts) -> bool {
    match head.version {
        Version::HTTP_10 => head.headers.contains_key(CONNECTION),
        Version::HTTP_11 => true,
        _ => false,
    }
}

/// The length that the head declares. It is 0 if the head declares none.
fn declared(head: &Parts) -> u64 {
    let length = head.headers.get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    length.unwrap_or_default()
}
