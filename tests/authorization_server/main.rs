//! Tests of the example authorization server over HTTP: attacks, races, pages and answers.

#[path = "../support/example_server.rs"]
mod example_server;
#[path = "../support/installed.rs"]
mod installed;
#[path = "../support/own_api.rs"]
mod own_api;
#[path = "../support/temporary.rs"]
mod temporary;

mod agents;
mod answers;
mod attacks;
mod browser;
mod browser_client;
mod check;
mod chromium;
mod client;
mod command;
mod command_line;
mod discovery;
mod explain;
mod families;
mod fixture;
mod geoip;
mod greeting;
mod home_page;
mod home_page_in_browser;
mod interaction;
mod life;
mod limiter;
mod meanwhile;
mod no_empty_answers;
mod pages;
mod person;
mod programs;
mod races;
mod readme_picture;
mod refusals;
mod refused_in_browser;
mod revocation;
mod site;
mod start;
mod tokens;
mod unreadable;
mod user_limit;
mod wire;
