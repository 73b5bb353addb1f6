//! The baselines: the same work as the crate's, written by hand.

pub mod handlers;
pub mod headers;
pub mod limiter;
pub mod networks;
pub mod pkce;
pub mod postgres;
pub mod register;
pub mod rules;
pub mod server;
