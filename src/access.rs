//! What a client may reach: APIs by client grants or default permissions, and connections.

mod decide;
mod error;
mod given;
mod offer;
mod request;
mod scopes;

pub use error::AccessError;
pub use given::{ApiAccess, ApiScopes};
pub use request::AccessRequest;

pub(crate) use given::StoredAccess;
pub(crate) use scopes::{OFFLINE_ACCESS, is_identity};
