//! The JSON of the tenant ACL, read member by member so that an error can name its place.

mod action;
mod conditions;
mod read;
mod tree;
mod write;
