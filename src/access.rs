//! What a client may reach: APIs by client grants or default permissions, and connections.

mod api_access;
mod check;
mod error;
mod grant_limit;
mod new_client_access;
mod reachable_apis;
mod request;
mod requester;
mod revalidate;
mod scopes;
mod tenant_apis;

pub use api_access::{ApiAccess, ApiScopes};
pub use error::AccessError;
pub use new_client_access::NewClientAccess;
pub use request::AccessRequest;

pub(crate) use api_access::StoredAccess;
pub(crate) use scopes::{OFFLINE_ACCESS, is_identity};
