//! Decides which APIs and scopes a client gets, by client grants, default permissions and the policy of
//! each API.
//!
//! ```
//! use oauth_dcr::{access::AccessRequest, settings::SettingsDocument};
//!
//! // The tenant gives every third-party client one scope of one API.
//! let settings = SettingsDocument::from_json(r#"{"tenants": [{
//!     "id": "acme",
//!     "apis": [{"identifier": "https://api.acme.example", "scopes": ["read:items", "write:items"]}],
//!     "client_grants": [{
//!         "default_for": "third_party_clients",
//!         "audience": "https://api.acme.example", "scope": ["read:items"]
//!     }]
//! }]}"#)?;
//! assert_eq!(settings.tenants()[0].client_grants.len(), 1);
//!
//! // A client asks for this scope.
//! let request = AccessRequest::to("https://api.acme.example").scope("read:items");
//! assert_eq!(request.scope, Some("read:items"));
//! # Ok::<(), oauth_dcr::settings::SettingsError>(())
//! ```
//!
//! 1. [`AccessRequest`] names the API and the scopes that a client asks for.
//! 2. [`ApiAccess`] is what the client gets: an audience and scopes. [`ApiScopes`] lists the scopes of
//!    one API, for a consent page.
//! 3. [`AccessError`] says why a client gets nothing.
//!
//! The checks of [authorization](crate::authorization) and [token](crate::token) requests already make this
//! decision. Use this module if your server decides about an API anywhere else.

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
