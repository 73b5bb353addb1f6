//! The strict reader of URIs: RFC 3986 read on the raw text, with a second opinion of the WHATWG parser.
//!
//! `Url::parse` is no validator: it repairs what it reads. So the raw text is split and checked first,
//! by the grammar alone, and nothing is decoded or normalised on the way. The reader says what a text
//! is; which URIs are allowed is for its users to decide.

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
