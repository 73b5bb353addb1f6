use serde::{Deserialize, Serialize};

/// What kind of application a client is (OpenID Connect Registration section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ApplicationType {
    /// Runs on a web server: its redirect URIs are https, and not loopback.
    Web,
    /// Runs on the user's device.
    Native,
}

impl ApplicationType {
    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Native => "native",
        }
    }

    /// The application type with this registered name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Web, Self::Native];
        all.into_iter().find(|kind| kind.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_writes_the_registered_name() {
        for kind in [ApplicationType::Web, ApplicationType::Native] {
            let written = serde_json::to_string(&kind).unwrap();
            assert_eq!(written, format!("{:?}", kind.as_str()));
        }
    }
}
