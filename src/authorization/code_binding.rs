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
/// Keep it on the server, beside a digest of the code and the user who consented, and hand it to the
/// check of the token request. It serialises, with a checksum that is no signature: what was cut,
/// mixed up or edited without renewing that is not read back.
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
    /// The longest that a code is good for (RFC 6749 section 4.1.2).
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

    /// Where the code goes.
    pub const fn redirect_uri(&self) -> &RedirectUri {
        &self.0.redirect_uri
    }

    /// The client that may redeem the code.
    pub const fn client_id(&self) -> &ClientId {
        &self.0.client_id
    }

    /// What it will be given.
    pub const fn access(&self) -> &ApiAccess {
        &self.0.access
    }

    /// When the code ends. After that the row is of use only to notice that the code is used again.
    pub const fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }
}

/// A redirect URI that was accepted once, by the policy that was then in force.
pub(crate) fn redirect_uri<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<RedirectUri, D::Error> {
    let text = String::deserialize(deserializer)?;
    RedirectUri::restore(text).map_err(D::Error::custom)
}

impl Envelope for Content {
    const KIND: &'static str = "code_binding";
}

/// Without the nonce, which is the client's secret.
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
