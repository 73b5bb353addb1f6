//! The body of a request, on its way in.

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

/// The most that is thrown away of what nobody wants, in bytes: as much as a registration may have by
/// default.
const MAX_DISCARDED: u64 = 65_536;

/// How far a body was read.
pub(super) enum Collected {
    Whole,
    TooLarge,
    BrokenOff,
}

/// Reads it to its end or its bound.
pub(super) async fn collect<B: Body>(
    body: &mut RegistrationBody,
    mut incoming: Pin<&mut B>,
) -> Collected {
    while let Some(frame) = incoming.frame().await {
        let Ok(frame) = frame else {
            return Collected::BrokenOff;
        };
        // Trailers carry nothing that is used here.
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

/// Reads to the end of what is left of a body, and keeps nothing, for a client that still writes to a
/// closed connection may not come to read the answer (RFC 9112 section 9.6). False if that is not worth
/// it: too much, or the client waits for a word before it sends it.
pub(super) async fn discard<B: Body>(head: &Parts, mut incoming: Pin<&mut B>) -> bool {
    if incoming.is_end_stream() {
        return true;
    }
    let is_asked_for = head.headers.contains_key(EXPECT);
    if !may_go_on(head) || is_asked_for || declared(head) > MAX_DISCARDED {
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

/// Whether the connection may take another request, unless the answer says otherwise: not that of
/// HTTP/1.0 without a word about it (RFC 9112 section 9.3). In HTTP/2, a stream that is dropped is all
/// that ends.
pub(super) fn may_go_on(head: &Parts) -> bool {
    match head.version {
        Version::HTTP_10 => head.headers.contains_key(CONNECTION),
        Version::HTTP_11 => true,
        _ => false,
    }
}

/// The length that the head declares; 0 if it declares none.
fn declared(head: &Parts) -> u64 {
    let length = head.headers.get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    length.unwrap_or_default()
}
