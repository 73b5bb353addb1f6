//! The settings of tenants, in Rust or as JSON. Every default is safe, and registration is off until it is
//! enabled.
//!
//! ```
//! use oauth_dcr::settings::SettingsDocument;
//!
//! let document = SettingsDocument::from_json(r#"{"tenants": [{
//!     "id": "acme",
//!     "hosts": ["auth.acme.example"],
//!     "registration": {"enabled": true, "max_clients": 100000}
//! }]}"#)?;
//! assert!(document.tenants()[0].registration.enabled);
//!
//! // An unknown field is an error, which names the position of the field.
//! let misspelt = SettingsDocument::from_json(r#"{"tenants": [{"id": "acme", "host": []}]}"#);
//! assert!(misspelt.is_err());
//! # Ok::<(), oauth_dcr::settings::SettingsError>(())
//! ```
//!
//! 1. [`TenantSettings`] has all settings of one tenant. [`SettingsDocument`] has all tenants, and reads and
//!    writes JSON.
//! 2. [`RegistrationSettings`] has the settings of registration: limits, methods and redirect URIs.
//! 3. [`Issuer`] names the tenant's authorization server.
//! 4. [`ApiSettings`], [`ClientGrant`] and [`Connection`] say which APIs clients can reach and how users sign
//!    in.
//! 5. [`SettingsError`] names an invalid field. [`SettingsWarning`] names a setting that works but is probably
//!    a mistake.
//!
//! A [`TenantDirectory`](crate::tenants::TenantDirectory) gives the settings to the registrar.
//! [The guide](crate::guide::settings) lists every field.

mod access;
mod api_availability;
mod check;
mod choices;
mod document;
mod endpoint_path;
mod error;
mod fault;
mod issuer;
mod leeway;
mod origins;
mod present_members;
mod preset;
mod proxies;
mod reading;
mod registration;
mod request_host;
mod review;
mod signal_headers;
mod tenant;
mod unique;
mod warning;
mod warnings;
mod wording;

pub(crate) use access::without_empty_path;
pub use access::{
    ApiPolicy, ApiSettings, ClientGrant, Connection, GrantedScope, Grantee, SubjectType,
};
pub(crate) use api_availability::ApiAvailability;
pub use choices::{RefreshTokenWhen, ScopeWhenNoneRequested, UnknownParameters};
pub use document::SettingsDocument;
pub use endpoint_path::{EndpointPath, InvalidEndpointPath};
pub use error::SettingsError;
pub use fault::SettingsFault;
pub use issuer::{InvalidIssuer, Issuer};
pub(crate) use leeway::GREATEST_LEEWAY_SECONDS;
pub use origins::{AllowedOrigins, InvalidOrigin};
pub use registration::{MetadataLimits, RefusedRedirectUris, RegistrationSettings, Unsupported};
pub(crate) use request_host::without_port;
pub use review::SettingsReview;
pub use signal_headers::SignalHeaders;
pub use tenant::TenantSettings;
pub(crate) use unique::{Unique, unique};
pub use warning::{SettingsWarning, SettingsWarningKind};
