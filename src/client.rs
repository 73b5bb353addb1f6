//! A registered client, and how a store reads a client.
//!
//! ```
//! use oauth_dcr::{acl::Signals, tenants::TenantSelector, MemoryStore, Registrar, TenantSettings};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let registrar = Registrar::builder(MemoryStore::new())
//!     .tenant(TenantSettings::new().enabled())
//!     .build()?;
//! let admission = registrar.admit(TenantSelector::Host(None), Signals::new()).await?;
//! let body = br#"{"redirect_uris": ["https://app.example.com/callback"]}"#;
//! let registered = admission.register_json(body).await?;
//!
//! let client = registered.client();
//! assert!(client.id().as_str().starts_with("tpc_"));
//! assert_eq!(client.metadata().redirect_uris().len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! 1. [`Client`] is created by a registration, and serialises as one record. The authorization and token
//!    checks need it.
//! 2. [`StoredClient`] is the result of reading a row of a [store](crate::store): a client, or an
//!    [`UnreadableClient`] with its id and the reason.

mod record;
mod stored;

use crate::{
    registration::ClientMetadata,
    types::{
        ClientId, ClientType, ErrorRedirectPolicy, SecretDigest, SecurityMode, TenantId, Timestamp,
    },
};

pub use stored::{StoredClient, UnreadableClient};

/// A registered client, as it is stored. The authorization and token checks use this form too.
///
/// It has the digest of its secret, never the secret. Only a registration creates a client. A store writes
/// and reads it by serde.
///
/// ```
/// use oauth_dcr::{
///     acl::Signals, tenants::TenantSelector, Client, MemoryStore, Registrar, RegistrationRequest,
///     TenantSettings,
/// };
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let registrar = Registrar::builder(MemoryStore::new())
/// #     .tenant(TenantSettings::new().enabled())
/// #     .build()?;
/// # let admission = registrar.admit(TenantSelector::Host(None), Signals::new()).await?;
/// # let request = RegistrationRequest::new(["https://app.example.com/callback"]);
/// # let registered = admission.register(request).await?;
/// let row: String = serde_json::to_string(&**registered.client())?;
/// let read: Client = serde_json::from_str(&row)?;
/// assert_eq!(read, **registered.client());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub(crate) tenant: TenantId,
    pub(crate) id: ClientId,
    pub(crate) issued_at: Timestamp,
    pub(crate) security_mode: SecurityMode,
    pub(crate) secret: Option<SecretDigest>,
    /// The previous secret, and the time until which it is valid.
    pub(crate) previous_secret: Option<(SecretDigest, Timestamp)>,
    /// Whether the owner has blocked the client.
    pub(crate) blocked: bool,
    /// The policy that the owner has set, if any.
    pub(crate) error_redirect_policy: Option<ErrorRedirectPolicy>,
    /// How often the owner has changed the client.
    pub(crate) revision: u64,
    pub(crate) metadata: ClientMetadata,
}

impl Client {
    /// The tenant of the client. Client ids are unique within a tenant.
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The client's identifier.
    pub const fn id(&self) -> &ClientId {
        &self.id
    }

    /// The time of registration.
    pub const fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// The security mode with which the client was created. It does not change, even if the tenant's settings
    /// change.
    pub const fn security_mode(&self) -> SecurityMode {
        self.security_mode
    }

    /// Whether the client is public, which means that it has no secret (RFC 6749 section 2.1).
    pub const fn is_public(&self) -> bool {
        self.secret.is_none()
    }

    /// The client type: public or confidential.
    pub const fn client_type(&self) -> ClientType {
        if self.is_public() {
            ClientType::Public
        } else {
            ClientType::Confidential
        }
    }

    /// The digest of the client's secret, or `None` for a public client.
    pub const fn secret_digest(&self) -> Option<&SecretDigest> {
        self.secret.as_ref()
    }

    /// The digest of the previous secret, if the secret was rotated and the previous secret is still valid at
    /// `now`.
    pub fn previous_secret_digest(&self, now: Timestamp) -> Option<&SecretDigest> {
        let previous = self.previous_secret.as_ref();
        previous
            .filter(|(_, until)| now < *until)
            .map(|(digest, _)| digest)
    }

    /// How often the tenant's owner has changed the client. 0 after registration.
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether the tenant's owner has blocked the client. A blocked client can neither request authorization
    /// nor get a token. Default `false`.
    pub const fn is_blocked(&self) -> bool {
        self.blocked
    }

    /// Returns the client with this blocked state. The stored client does not change: use
    /// [`Owner::block`](crate::Owner::block) for that.
    #[must_use]
    pub const fn with_blocked(mut self, blocked: bool) -> Self {
        self.blocked = blocked;
        self
    }

    /// What happens to an authorization request that is refused after its redirect URI is known. By default,
    /// the error of a strict client is shown to the user, and the error of a permissive client is sent to
    /// the client.
    pub fn error_redirect_policy(&self) -> ErrorRedirectPolicy {
        self.error_redirect_policy
            .unwrap_or(match self.security_mode {
                SecurityMode::Strict => ErrorRedirectPolicy::OpenRedirectProtection,
                SecurityMode::Permissive => ErrorRedirectPolicy::AllowAlways,
            })
    }

    /// Returns the client with this policy. The stored client does not change: use
    /// [`Owner::set_error_redirect_policy`](crate::Owner::set_error_redirect_policy) for that.
    #[must_use]
    pub const fn with_error_redirect_policy(mut self, policy: ErrorRedirectPolicy) -> Self {
        self.error_redirect_policy = Some(policy);
        self
    }

    /// The metadata with which the client is registered.
    pub const fn metadata(&self) -> &ClientMetadata {
        &self.metadata
    }
}
