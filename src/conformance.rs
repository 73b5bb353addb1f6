//! What a back end of one's own has to keep, as checks that its tests run.
//!
//! A check is an async function that takes the back end, and panics with what it expected and what it
//! saw. Each draws ids of its own, so a back end may be used again, and by several checks at once.
//!
//! ```
//! use std::sync::Arc;
//!
//! use oauth_dcr::{LocalRateLimiter, conformance};
//!
//! # #[tokio::main]
//! # async fn main() {
//! let limiter = Arc::new(LocalRateLimiter::new()); // yours
//! conformance::limiter::all(&limiter).await;
//! # }
//! ```
//!
//! They run on Tokio; races are races only on its multi-threaded runtime. Spans of time are real,
//! and measured, so that a slow machine fails nothing; with time paused, they mean nothing.

pub mod limiter;
