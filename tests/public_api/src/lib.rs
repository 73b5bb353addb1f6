//! The public items of `oauth-dcr`, as lines of text that a reviewer reads when they change.
//!
//! rustdoc describes the crate in JSON, and the crate `public-api` lists the items of a description.

mod by_feature;
mod description;
mod lines;

pub use by_feature::{WITHOUT_FEATURES, lines_by_feature};
pub use description::{describe, describe_file};
pub use lines::lines;
