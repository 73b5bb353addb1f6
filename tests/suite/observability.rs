//! What operators are told: events, and what is made of them.

mod audit;
mod dashboard;
mod events;
mod every_event;
mod metrics;
mod page;
mod spans;
mod tracing;
