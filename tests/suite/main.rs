//! Tests of the crate from outside, one module a subject.

mod canary;
mod corpus;
mod layering;
mod limiter;
mod pipeline;
mod properties;
mod record;
mod redirect_uris;
mod settings;
mod support;
mod wire;
