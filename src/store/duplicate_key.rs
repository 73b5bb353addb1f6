use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::{
    redirect_uri::RedirectUriPolicy,
    registration::ClientMetadata,
    types::{SecurityMode, TenantId},
};

/// A key that two clients share if one is a duplicate of the other.
///
/// Two public clients of a tenant have the same key if they registered the same metadata. Ports that the tenant
/// lets differ do not count (RFC 8252 section 7.3). The key is a SHA-256 of the tenant, the mode and the metadata
/// in one canonical form, so nobody can construct metadata that has the key of another client.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DuplicateKey([u8; 32]);

/// Change this name whenever the canonical form changes. Otherwise different clients could be duplicates.
const DOMAIN: &[u8] = b"oauth-dcr fold 1";

impl DuplicateKey {
    /// The key of a client of `tenant` that is created in `mode` with `metadata`. It is `None` for a confidential
    /// client, which is never a duplicate because it has its own secret.
    pub(crate) fn of(
        tenant: &TenantId,
        mode: SecurityMode,
        metadata: &ClientMetadata,
        policy: &RedirectUriPolicy,
    ) -> Option<Self> {
        if !metadata.token_endpoint_auth_method().is_public() {
            return None;
        }
        let mut hash = Sha256::new();
        // The lengths mark where one part ends and the next begins.
        for part in [DOMAIN, tenant.as_str().as_bytes()] {
            hash.update(u64::try_from(part.len()).ok()?.to_be_bytes());
            hash.update(part);
        }
        hash.update([match mode {
            SecurityMode::Strict => 0,
            SecurityMode::Permissive => 1,
        }]);
        hash.update(metadata.to_canonical(policy).ok()?);
        Some(Self(hash.finalize().into()))
    }

    /// The key that a store has read back.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for DuplicateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, third, fourth, ..] = self.0;
        write!(
            f,
            "DuplicateKey({first:02x}{second:02x}{third:02x}{fourth:02x}…)"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        redirect_uri::RedirectUriPolicy, registration::RegistrationRequest,
        settings::RegistrationSettings,
    };

    /// The key of a public client with these redirect URIs.
    fn key(policy: &RedirectUriPolicy, redirect_uris: &[&str]) -> DuplicateKey {
        key_of(policy, RegistrationRequest::new(redirect_uris.to_vec()))
    }

    fn key_of(policy: &RedirectUriPolicy, request: RegistrationRequest) -> DuplicateKey {
        let settings = RegistrationSettings::default();
        let metadata = request.token_endpoint_auth_method("none").apply(&settings);
        let tenant = TenantId::sole();
        DuplicateKey::of(&tenant, SecurityMode::Strict, &metadata.unwrap(), policy).unwrap()
    }

    #[test]
    fn ports_count_unless_they_may_differ() {
        let policy = RedirectUriPolicy::default();
        let of = |uri: &str| key(&policy, &[uri]);
        let floating = of("http://127.0.0.1:5555/cb");
        assert_eq!(of("http://127.0.0.1:6666/cb"), floating);
        assert_eq!(of("http://127.0.0.1/cb"), floating);
        for other in [
            "http://[::1]:5555/cb",
            "http://127.0.0.1:5555/cb/",
            "https://127.0.0.1:5555/cb",
            "http://localhost:5555/cb",
        ] {
            assert_ne!(of(other), floating, "{other}");
        }
        let localhost = of("http://localhost:5555/cb");
        assert_ne!(of("http://localhost:6666/cb"), localhost);
        let agents = RedirectUriPolicy::native_agents();
        assert_eq!(
            key(&agents, &["http://localhost:5555/cb"]),
            key(&agents, &["http://localhost:6666/cb"])
        );
    }

    #[test]
    fn a_free_port_differs_from_no_port() {
        let exact = RedirectUriPolicy {
            loopback_any_port: false,
            ..RedirectUriPolicy::default()
        };
        let floating = key(&RedirectUriPolicy::default(), &["http://127.0.0.1:5555/cb"]);
        assert_ne!(key(&exact, &["http://127.0.0.1/cb"]), floating);
        assert_ne!(key(&exact, &["http://127.0.0.1:5555/cb"]), floating);
    }

    #[test]
    fn only_the_order_of_lists_counts() {
        use crate::registration::Field::{ClientUri, LogoUri};
        let policy = RedirectUriPolicy::default();
        let (uri, logo) = ("https://a.example/", "https://a.example/logo");
        let request = || RegistrationRequest::new([uri]);
        let one = request()
            .localized(ClientUri, "de", uri)
            .localized(LogoUri, "ja", logo);
        let other = request()
            .localized(LogoUri, "ja", logo)
            .localized(ClientUri, "de", uri);
        assert_eq!(key_of(&policy, one), key_of(&policy, other));
        let (first, second) = ("https://a.example/1", "https://a.example/2");
        assert_ne!(
            key(&policy, &[first, second]),
            key(&policy, &[second, first])
        );
    }

    #[test]
    fn keys_differ_by_tenant_and_mode() {
        let settings = RegistrationSettings::default();
        let policy = &settings.redirect_uris;
        let public = RegistrationRequest::new(["https://a.example/"])
            .token_endpoint_auth_method("none")
            .apply(&settings)
            .unwrap();
        let of = |tenant: &str, mode| {
            let tenant = TenantId::parse(tenant).unwrap();
            DuplicateKey::of(&tenant, mode, &public, policy)
        };
        let key = of("a", SecurityMode::Strict);
        assert!(key.is_some());
        assert_ne!(of("b", SecurityMode::Strict), key);
        assert_ne!(of("a", SecurityMode::Permissive), key);
    }

    #[test]
    fn confidential_clients_have_no_key() {
        let settings = RegistrationSettings::default();
        let request = RegistrationRequest::new(["https://a.example/"]);
        let confidential = request.apply(&settings).unwrap();
        let (tenant, policy) = (TenantId::sole(), &settings.redirect_uris);
        let key = DuplicateKey::of(&tenant, SecurityMode::Strict, &confidential, policy);
        assert_eq!(key, None);
    }
}
