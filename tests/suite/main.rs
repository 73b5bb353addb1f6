//! Tests of the crate from outside, one module a subject.

mod acl;
mod acl_corpus;
mod acl_networks;
mod acl_properties;
mod acl_proxies;
mod acl_wire;
mod canary;
mod corpus;
mod geoip;
mod layering;
mod limiter;
mod pipeline;
mod properties;
mod record;
mod redirect_uris;
mod settings;
mod support;
mod wire;
