//! What is special about the store in PostgreSQL: nodes that share a database, and a database that
//! is unavailable.

#![expect(clippy::print_stdout, reason = "figures are for readers of the log")]

mod callers;
mod clocks;
mod counting;
mod distant;
mod duplicates;
mod failover;
mod fixture;
mod golden;
mod groups;
mod isolation;
mod locked_row_rates;
mod locked_rows;
mod locked_tenants;
mod outages;
mod poolers;
mod private_pgbouncer;
mod races;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../suite/support/random.rs"]
mod random;
mod rows;
mod schema;
#[path = "../support/spoiled.rs"]
mod spoiled;
mod switched_address;
mod waits;
