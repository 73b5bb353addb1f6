//! Private servers of a test or a bench.
//!
//! They need Linux: processes are found in `/proc`.

#![cfg(unix)]

mod free_port;
mod home;
mod postgres;
mod redis;

pub use free_port::{free_port, free_port_in};
pub use home::{Home, random_name, within_limit};
pub use postgres::PrivatePostgres;
pub use redis::PrivateRedis;
