//! A registered client, and how a store reads it back.
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
//! 1. [`Client`] is made by a registration, and serialises as one record. The authorization and token checks
//!    take it.
//! 2. [`StoredClient`] is what a [store](crate::store) makes of a row: a client, or
//!    an [`UnreadableClient`] with its id and the reason.

mod record;
mod stored;

use crate::{
    registration::ClientMetadata,
    types::{
        ClientId, ClientType, ErrorRedirectPolicy, SecretDigest, SecurityMode, TenantId, Timestamp,
    },
};

pub use stored::{StoredClient, UnreadableClient};

/// A registered client, as it is stored: the authorization and token checks know no other form.
///
/// It holds the digest of its secret, never the secret. Only a registration makes one; a store
/// writes it down and reads it back by serde.
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
    /// The secret before, and until when it works.
    pub(crate) previous_secret: Option<(SecretDigest, Timestamp)>,
    /// Whether the owner has blocked it.
    pub(crate) blocked: bool,
    /// What the owner has decided, if anything.
    pub(crate) error_redirect_policy: Option<ErrorRedirectPolicy>,
    /// How often the owner has changed it.
    pub(crate) revision: u64,
    pub(crate) metadata: ClientMetadata,
}

impl Client {
    /// The tenant it is registered with. Ids are unique within one.
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Its identifier.
    pub const fn id(&self) -> &ClientId {
        &self.id
    }

    /// When it was registered.
    pub const fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// The mode that it was created with. The client keeps it even if the tenant's settings change.
    pub const fn security_mode(&self) -> SecurityMode {
        self.security_mode
    }

    /// Whether it is public: it has no secret (RFC 6749 section 2.1).
    pub const fn is_public(&self) -> bool {
        self.secret.is_none()
    }

    /// Whether it is public or confidential, in a word.
    pub const fn client_type(&self) -> ClientType {
        if self.is_public() {
            ClientType::Public
        } else {
            ClientType::Confidential
        }
    }

    /// The digest of its secret, or `None` for a public client.
    pub const fn secret_digest(&self) -> Option<&SecretDigest> {
        self.secret.as_ref()
    }

    /// The digest of the secret before, if its owner has rotated it and it still works at `now`.
    pub fn previous_secret_digest(&self, now: Timestamp) -> Option<&SecretDigest> {
        let previous = self.previous_secret.as_ref();
        previous
            .filter(|(_, until)| now < *until)
            .map(|(digest, _)| digest)
    }

    /// How often the tenant's owner has changed it: 0 as registered.
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether the tenant's owner has blocked it: it can neither ask for authorization nor get a
    /// token. Default `false`.
    pub const fn is_blocked(&self) -> bool {
        self.blocked
    }

    /// The same client, blocked or not. It changes nothing in a store: that is for
    /// [`Owner::block`](crate::Owner::block).
    #[must_use]
    pub const fn with_blocked(mut self, blocked: bool) -> Self {
        self.blocked = blocked;
        self
    }

    /// What becomes of an authorization request that is refused after its redirect URI is known.
    /// Default: a strict client's is shown to the user, a permissive one's goes back to the client.
    pub fn error_redirect_policy(&self) -> ErrorRedirectPolicy {
        self.error_redirect_policy
            .unwrap_or(match self.security_mode {
                SecurityMode::Strict => ErrorRedirectPolicy::OpenRedirectProtection,
                SecurityMode::Permissive => ErrorRedirectPolicy::AllowAlways,
            })
    }

    /// The same client, with this policy. It changes nothing in a store: that is for
    /// [`Owner::set_error_redirect_policy`](crate::Owner::set_error_redirect_policy).
    #[must_use]
    pub const fn with_error_redirect_policy(mut self, policy: ErrorRedirectPolicy) -> Self {
        self.error_redirect_policy = Some(policy);
        self
    }

    /// What it is registered with.
    pub const fn metadata(&self) -> &ClientMetadata {
        &self.metadata
    }
}
