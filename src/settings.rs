//! What a tenant decides, and how it is written down as JSON.
//!
//! Every default is the safe one. Settings are plain values: a host keeps them where it likes and
//! hands them out through a [`TenantDirectory`](crate::tenants::TenantDirectory).

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
