//! A body that arrives as a test's script says.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame};
use tokio::time::sleep;

pub(crate) enum Piece {
    Data(Bytes),
    /// Waits until this is ready.
    After(Pin<Box<dyn Future<Output = ()> + Send>>),
    Trailers(HeaderMap),
    /// The body fails.
    Break,
    /// This data, endlessly.
    Endless(Bytes),
    /// Panics when it is polled.
    Untouchable,
}

impl Piece {
    pub(crate) fn data(text: &'static str) -> Self {
        Self::Data(Bytes::from_static(text.as_bytes()))
    }

    pub(crate) fn after(ready: impl Future<Output = ()> + Send + 'static) -> Self {
        Self::After(Box::pin(ready))
    }

    pub(crate) fn pause(seconds: u64) -> Self {
        Self::after(async move { sleep(Duration::from_secs(seconds)).await })
    }

    pub(crate) fn never() -> Self {
        Self::after(std::future::pending())
    }

    pub(crate) fn endless() -> Self {
        Self::Endless(Bytes::from_static(&[b' '; 4096]))
    }
}

/// One piece after another.
pub(crate) struct Script {
    pieces: VecDeque<Piece>,
    /// How many frames were read.
    reads: Arc<AtomicUsize>,
}

impl Script {
    pub(crate) fn new(pieces: impl Into<VecDeque<Piece>>) -> Self {
        Self {
            pieces: pieces.into(),
            reads: Arc::default(),
        }
    }

    pub(crate) fn reads(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.reads)
    }
}

impl Body for Script {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let frame = loop {
            match self.pieces.front_mut() {
                None => return Poll::Ready(None),
                Some(Piece::Untouchable) => panic!("the body was polled"),
                Some(Piece::After(waited)) => ready!(waited.as_mut().poll(context)),
                Some(Piece::Endless(data)) => break Ok(Frame::data(data.clone())),
                Some(Piece::Data(data)) => break Ok(Frame::data(std::mem::take(data))),
                Some(Piece::Trailers(map)) => break Ok(Frame::trailers(std::mem::take(map))),
                Some(Piece::Break) => break Err(io::ErrorKind::ConnectionReset.into()),
            }
            self.pieces.pop_front();
        };
        if !matches!(self.pieces.front(), Some(Piece::Endless(_))) {
            self.pieces.pop_front();
        }
        self.reads.fetch_add(1, Ordering::SeqCst);
        Poll::Ready(Some(frame))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty()
    }
}
