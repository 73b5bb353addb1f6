//! Tests of the crate from outside, one module a subject.

mod access;
mod acl;
mod acl_bytes;
mod acl_corpus;
mod acl_networks;
mod acl_properties;
mod acl_proxies;
mod acl_sources;
mod acl_values;
mod acl_wire;
mod authorization;
#[path = "../support/behind_proxies.rs"]
mod behind_proxies;
mod canary;
mod clocks;
mod corpus;
mod decision_properties;
mod decisions_corpus;
mod dependencies;
mod discovery;
mod evidence;
mod explanation;
#[path = "../support/free_port.rs"]
mod free_port;
mod geoip;
mod growth;
mod initial_access;
mod layering;
mod life;
mod limiter;
mod limiter_clock;
mod limiter_conformance;
mod lints;
mod observability;
mod owner;
mod package;
mod pages;
mod pipeline;
#[path = "../support/private_home.rs"]
mod private_home;
#[path = "../support/private_postgres.rs"]
mod private_postgres;
mod properties;
mod public_api;
mod public_face;
mod randomness;
mod record;
mod redirect_uris;
mod registration_refusals;
mod settings;
mod settings_corpus;
mod settings_faults;
mod settings_preset;
mod settings_table;
mod settings_warnings;
mod source_quota;
mod source_tree;
mod store_conformance;
mod support;
#[path = "../support/temporary.rs"]
mod temporary;
mod texts;
mod token;
mod unreadable;
mod uri_parsers;
mod wire;
mod wrong_rows;
