use serde::{Deserialize, Serialize};

/// How much a client is trusted. The mode is fixed when the client is registered, and never changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecurityMode {
    /// Third-party profile: `tpc_` id, PKCE always, authorization code and refresh token only.
    #[default]
    Strict,
    /// The behaviour before the third-party profile, for tenants that ask for it.
    Permissive,
}

impl SecurityMode {
    /// The word that settings have for it.
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
    fn serde_writes_the_word_of_settings() {
        for mode in [SecurityMode::Strict, SecurityMode::Permissive] {
            let written = serde_json::to_string(&mode).unwrap();
            assert_eq!(written, format!("{:?}", mode.as_str()));
        }
    }
}
