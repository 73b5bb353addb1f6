//! Clients as a store returns them.

use oauth_dcr::{Client, types::SecretDigest};
use serde_json::{Value, json};

/// A client of the tenant `t1` that registered at 1,700,000,000; strict by default.
pub(crate) struct Stored {
    record: Value,
}

impl Stored {
    pub(crate) fn public(id: &str) -> Self {
        Self {
            record: json!({
                "version": 1,
                "tenant": "t1",
                "client_id": id,
                "issued_at": 1_700_000_000_000_u64,
                "security_mode": "strict",
                "metadata": {
                    "redirect_uris": ["https://app.example.com/callback"],
                    "token_endpoint_auth_method": "none",
                    "grant_types": ["authorization_code", "refresh_token"],
                    "response_types": ["code"],
                },
            }),
        }
    }

    pub(crate) fn confidential(id: &str, method: &str, secret: &str) -> Self {
        let mut stored = Self::public(id).with("token_endpoint_auth_method", method);
        stored.record["secret_digest"] = SecretDigest::of(secret).to_tagged().into();
        stored
    }

    pub(crate) fn permissive(mut self) -> Self {
        self.record["security_mode"] = "permissive".into();
        self
    }

    pub(crate) fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.record["metadata"][member] = value.into();
        self
    }

    pub(crate) fn redirect_uris(self, uris: &[&str]) -> Self {
        self.with("redirect_uris", json!(uris))
    }

    pub(crate) fn grant_types(self, names: &[&str]) -> Self {
        self.with("grant_types", json!(names))
    }

    pub(crate) fn client(self) -> Client {
        serde_json::from_value(self.record).unwrap()
    }
}
