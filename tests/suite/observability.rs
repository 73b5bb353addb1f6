//! Information for operators: events, and the metrics and logs made from them.

mod audit;
mod dashboard;
mod events;
mod every_event;
mod metrics;
mod page;
mod spans;
mod tracing;
