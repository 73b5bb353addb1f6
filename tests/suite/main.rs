//! Tests of the crate from outside, one module a subject.

mod access;
mod acl;
mod acl_corpus;
mod acl_networks;
mod acl_properties;
mod acl_proxies;
mod acl_wire;
mod authorization;
mod canary;
mod conformance;
mod corpus;
mod decision_properties;
mod decisions_corpus;
mod geoip;
mod layering;
mod limiter;
mod pipeline;
mod properties;
mod record;
mod redirect_uris;
mod settings;
mod support;
mod token;
mod wire;
