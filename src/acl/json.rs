//! The JSON of the tenant ACL. It is read member by member, so that an error can name the position.

mod action;
mod conditions;
mod read;
mod tree;
mod write;
