use serde::{Deserialize, Serialize};

/// Whether a client can keep a secret (RFC 6749 section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientType {
    /// The client has no secret, and proves itself by PKCE alone.
    Public,
    /// The client has a secret.
    Confidential,
}

impl ClientType {
    /// The name of the client type.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Confidential => "confidential",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_writes_the_registered_name() {
        for kind in [ClientType::Public, ClientType::Confidential] {
            let written = serde_json::to_string(&kind).unwrap();
            assert_eq!(written, format!("{:?}", kind.as_str()));
        }
    }
}
