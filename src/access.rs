//! What a client may reach: APIs by client grants or default permissions, and connections.

mod api_access;
mod check;
mod error;
mod new_client_access;
mod request;
mod scopes;

pub use api_access::{ApiAccess, ApiScopes};
pub use error::AccessError;
pub use request::AccessRequest;

pub(crate) use api_access::StoredAccess;
pub(crate) use scopes::{OFFLINE_ACCESS, is_identity};
