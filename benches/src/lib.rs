//! The benches' baselines, and what several benches use.
//!
//! A bench compares this crate with a baseline: code that does the same work without settings and without
//! ports.

pub mod alternating;
pub mod baseline;
pub mod clients;
pub mod cores;
pub mod drive;
pub mod fixtures;
pub mod hosts;
mod hyper_host;
mod load;
pub mod networks;
pub mod pairs;
pub mod registrar;
pub mod server;
pub mod server_rounds;
mod spawned;
pub mod spread;
pub mod timed;
