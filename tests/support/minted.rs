//! Clients to insert, made before the clock runs.

use std::sync::Arc;

use oauth_dcr::Client;
use serde_json::json;

/// Makes clients of one kind, each with its own id.
#[derive(Default)]
pub(crate) struct Minted {
    next: u64,
}

impl Minted {
    /// Public clients with a name and a redirect URI, of one tenant.
    pub(crate) fn clients(&mut self, count: usize) -> Vec<Arc<Client>> {
        (0..count).map(|_| self.client()).collect()
    }

    fn client(&mut self) -> Arc<Client> {
        self.next += 1;
        // Spread over the index as random ids are.
        let spread = self.next.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let record = json!({
            "version": 1,
            "tenant": "default",
            "client_id": format!("tpc_{spread:016x}{:016x}", self.next),
            "issued_at": 1_800_000_000_000_u64 + self.next,
            "security_mode": "strict",
            "metadata": {
                "client_name": "My Dynamic Application",
                "redirect_uris": ["https://application.example.com/callback"],
                "token_endpoint_auth_method": "none",
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
            },
        });
        Arc::new(serde_json::from_value(record).expect("the record of a client"))
    }
}
