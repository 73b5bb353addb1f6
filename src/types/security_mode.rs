use serde::{Deserialize, Serialize};

/// How much a client is trusted. The mode is fixed when the client is registered, and never changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecurityMode {
    /// Third-party profile: an id with the prefix `tpc_`, PKCE always, only the authorization code and
    /// refresh token grants.
    #[default]
    Strict,
    /// The behaviour before the third-party profile, for tenants that ask for it.
    Permissive,
}

impl SecurityMode {
    /// The name of the mode in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Permissive => "permissive",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_writes_the_name_in_settings() {
        for mode in [SecurityMode::Strict, SecurityMode::Permissive] {
            let written = serde_json::to_string(&mode).unwrap();
            assert_eq!(written, format!("{:?}", mode.as_str()));
        }
    }
}
