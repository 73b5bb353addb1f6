//! What a tenant chooses about the requests of its clients.

use serde::{Deserialize, Serialize};

/// What happens to parameters of an authorization request that nobody knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownParameters {
    /// They are ignored (RFC 6749 section 3.1).
    #[default]
    Ignore,
    /// They refuse the request.
    Reject,
}

/// What a client gets that asks for no scope of an API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeWhenNoneRequested {
    /// None.
    #[default]
    None,
    /// All that its grant covers.
    WholeGrant,
}

/// When a client gets a refresh token with its first access token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshTokenWhen {
    /// When it requests `offline_access` and is registered for the grant `refresh_token`.
    #[default]
    OfflineAccessRequested,
    /// When it is registered for the grant `refresh_token`, whether it requests `offline_access` or not.
    Registered,
}

/// A name for settings that belong together. A document gives it as `preset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Preset {
    /// What `TenantSettings::for_agents` sets.
    Agents,
}
