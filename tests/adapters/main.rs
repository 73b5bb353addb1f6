//! One list of scenarios that every adapter answers alike, and what else holds for all of them.
//!
//! A scenario says once what is sent and what has to come back, to the byte. Each runs over TCP on a
//! server of each adapter, which stands before a registrar of its own with the same settings, clock
//! and randomness, so that even the ids and secrets are the same. Only two things are left out of the
//! comparison: the value of `Date`, and the order of header fields, which means nothing (RFC 9110
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
