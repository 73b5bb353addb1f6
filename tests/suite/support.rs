//! What several tests need.

pub(crate) mod broken;
pub(crate) mod clock;
pub(crate) mod http;
