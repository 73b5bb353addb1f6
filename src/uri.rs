//! The strict parser of URIs: it applies RFC 3986 to the raw text, and then compares the result with the
//! WHATWG parser as a second opinion.
//!
//! `Url::parse` alone does not validate, because it repairs its input. So the grammar splits and checks the
//! raw text first, and nothing is decoded or normalised. The callers decide which URIs are allowed.

mod authority;
mod fault;
mod grammar;
mod host;
mod parts;
mod second_opinion;

pub(crate) use authority::Authority;
pub(crate) use fault::UriFault;
pub(crate) use grammar::{is_dns_label, is_host_name, is_port, is_scheme};
pub(crate) use host::{Host, LOOPBACK_HOSTS};
pub(crate) use parts::UriParts;
pub(crate) use second_opinion::{written_ipv6, written_origin, written_url};
