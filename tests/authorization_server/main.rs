//! The example authorization server from outside: attacks, races, pages and answers.

#[path = "../support/example_server.rs"]
mod example_server;

mod answers;
mod attacks;
mod browser;
mod client;
mod discovery;
mod interaction;
mod pages;
mod person;
mod races;
mod revocation;
mod scene;
mod tokens;
mod wire;
