use std::{fmt, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::{
    access::{ApiAccess, StoredAccess},
    envelope::{self, Envelope},
    pkce::CodeChallenge,
    redirect_uri::RedirectUri,
    types::{ClientId, TenantId, Timestamp},
};

/// What an authorization code stands for (RFC 6749 section 4.1.2, RFC 7636 section 4.4).
///
/// Store it on the server, beside a digest of the code and the user who consented, and pass it to the check of
/// the token request. It serialises with a checksum, so a text that was truncated, mixed up or edited can't be
/// read back. The checksum is not a signature: anyone who edits the text can also renew the checksum.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeBinding(#[serde(with = "envelope")] Content);

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Content {
    pub(crate) tenant: TenantId,
    pub(crate) client_id: ClientId,
    #[serde(deserialize_with = "redirect_uri")]
    pub(crate) redirect_uri: RedirectUri,
    pub(crate) redirect_uri_was_given: bool,
    pub(crate) challenge: Option<CodeChallenge>,
    #[serde(with = "StoredAccess")]
    pub(crate) access: ApiAccess,
    pub(crate) nonce: Option<Box<str>>,
    pub(crate) expires_at: Timestamp,
}

impl CodeBinding {
    /// The longest time for which a code is valid (RFC 6749 section 4.1.2).
    pub const MAX_LIFETIME: Duration = Duration::from_mins(10);

    pub(crate) const fn new(content: Content) -> Self {
        Self(content)
    }

    pub(crate) const fn content(&self) -> &Content {
        &self.0
    }

    /// The tenant.
    pub const fn tenant(&self) -> &TenantId {
        &self.0.tenant
    }

    /// The URI that the code is sent to.
    pub const fn redirect_uri(&self) -> &RedirectUri {
        &self.0.redirect_uri
    }

    /// The client that may redeem the code.
    pub const fn client_id(&self) -> &ClientId {
        &self.0.client_id
    }

    /// The access that the client will get.
    pub const fn access(&self) -> &ApiAccess {
        &self.0.access
    }

    /// When the code expires. After this time, the row is useful only for noticing that the code is used again.
    pub const fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }
}

/// Reads a redirect URI that was accepted earlier, by the policy that was then in force.
pub(crate) fn redirect_uri<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<RedirectUri, D::Error> {
    let text = String::deserialize(deserializer)?;
    RedirectUri::restore(text).map_err(D::Error::custom)
}

impl Envelope for Content {
    const KIND: &'static str = "code_binding";
}

/// Leaves out the nonce, which is the client's secret.
impl fmt::Debug for CodeBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeBinding")
            .field("tenant", &self.0.tenant)
            .field("client_id", &self.0.client_id)
            .field("redirect_uri", &self.0.redirect_uri)
            .field("access", &self.0.access)
            .field("expires_at", &self.0.expires_at)
            .finish_non_exhaustive()
    }
}
