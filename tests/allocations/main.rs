//! How often requests and lists allocate, and how many bytes. Counts do not depend on the speed of
//! the machine.

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

/// A store in memory never waits, so the first poll is the last.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the future waits"),
    }
}
