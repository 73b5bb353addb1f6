//! One list of scenarios that every adapter answers in the same way, and tests of single adapters.
//!
//! A scenario states what is sent and the exact bytes that have to come back. Each scenario runs
//! over TCP on one server of each adapter. The servers' registrars have the same settings, clock
//! and randomness, so that even the ids and secrets are the same. The comparison ignores only two
//! things: the value of `Date`, and the order of header fields, which means nothing (RFC 9110
//! section 5.3) and which each framework's own map decides.

#[path = "../suite/support/clock.rs"]
mod clock;
#[path = "../support/faulty_store.rs"]
mod faulty_store;

mod answer;
mod fixture;
mod gone;
mod http1;
mod http2;
mod http_request;
mod mounts;
mod ports;
mod run;
mod scenario;
mod scenarios;
mod script;
mod servers;
mod service;
mod streams;
