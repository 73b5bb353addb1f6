//! How often requests and lists allocate, and how many bytes: counted, so that no machine is too slow to
//! pass.

mod access_control;
mod buckets;
#[path = "../suite/support/clock.rs"]
mod clock;
mod decisions;
mod registration;

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

/// Nothing waits on a store in memory, so the first poll is the last.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the future waits"),
    }
}
