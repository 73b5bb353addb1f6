//! Suites for those who write a port of their own: each runs it through its whole contract, and
//! panics at the first rule that it breaks, naming the rule and what was seen.
//!
//! They are for tests, inside a Tokio runtime; with its flavor `multi_thread` races are races.
#![allow(
    clippy::missing_panics_doc,
    reason = "panicking is how a suite says what is wrong"
)]

pub mod store;

pub use store::client_store;
