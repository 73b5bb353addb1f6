//! The example authorization server and its stores as separate processes: acknowledged
//! registrations survive every crash, and requests are refused during outages.
//!
//! The variables `OAUTH_DCR_KILL_ROUNDS`, `OAUTH_DCR_HANG_UP_ROUNDS`, `OAUTH_DCR_PAUSE_SECONDS` and
//! `OAUTH_DCR_RSS_CLIENTS` set the amount of work.
#![expect(
    clippy::disallowed_methods,
    reason = "what is tested here takes time from servers and from the operating system"
)]
#![expect(clippy::print_stdout, reason = "figures are for who asks for them")]

#[path = "../support/example_server.rs"]
mod example_server;
#[path = "../support/minted.rs"]
mod minted;
#[path = "../support/temporary.rs"]
mod temporary;

mod database;
mod footprint;
mod hang_ups;
mod kill;
mod ledger;
mod load;
mod locked_file;
#[cfg(unix)]
mod lost_file;
mod outage;
mod outage_log;
mod requests;
mod two_nodes;
mod wire;

/// The number in an environment variable, or `default`.
fn number(name: &str, default: u32) -> u32 {
    std::env::var(name).map_or(default, |text| match text.parse() {
        Ok(number) if number > 0 => number,
        _ => panic!("{name} is a number from 1"),
    })
}
