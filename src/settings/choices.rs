//! A tenant's choices about the requests of its clients.

use serde::{Deserialize, Serialize};

/// What happens if an authorization request has unknown parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownParameters {
    /// The parameters are ignored (RFC 6749 section 3.1).
    #[default]
    Ignore,
    /// The request is refused.
    Reject,
}

/// The scopes that a client gets if it requests no scope of an API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeWhenNoneRequested {
    /// No scope.
    #[default]
    None,
    /// All scopes that the client's grant covers.
    WholeGrant,
}

/// When a client gets a refresh token with its first access token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshTokenWhen {
    /// If it requests `offline_access` and is registered for the grant `refresh_token`.
    #[default]
    OfflineAccessRequested,
    /// If it is registered for the grant `refresh_token`. It need not request `offline_access`.
    Registered,
}

/// A group of settings, which a document names as `preset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Preset {
    /// The settings of `TenantSettings::for_agents`.
    Agents,
}
