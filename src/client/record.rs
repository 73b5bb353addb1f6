//! The record of a client, which stores write and read.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{
    client::Client,
    registration::{ClientMetadata, MetadataError, StoredMetadata},
    types::{ClientId, ErrorRedirectPolicy, SecretDigest, SecurityMode, TenantId, Timestamp},
};

/// The version that is written. Any other version is refused.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    tenant: &'a TenantId,
    client_id: &'a ClientId,
    /// In milliseconds since the Unix epoch.
    issued_at: Timestamp,
    security_mode: SecurityMode,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_secret: Option<PreviousSecret>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    blocked: bool,
    #[serde(rename = "redirection_policy", skip_serializing_if = "Option::is_none")]
    error_redirect_policy: Option<ErrorRedirectPolicy>,
    #[serde(skip_serializing_if = "is_zero")]
    revision: u64,
    metadata: &'a ClientMetadata,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    version: u32,
    tenant: TenantId,
    client_id: ClientId,
    issued_at: Timestamp,
    security_mode: SecurityMode,
    #[serde(default)]
    secret_digest: Option<String>,
    #[serde(default)]
    previous_secret: Option<PreviousSecret>,
    #[serde(default)]
    blocked: bool,
    #[serde(default, rename = "redirection_policy")]
    error_redirect_policy: Option<ErrorRedirectPolicy>,
    #[serde(default)]
    revision: u64,
    metadata: StoredMetadata,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PreviousSecret {
    digest: String,
    /// In milliseconds since the Unix epoch.
    until: Timestamp,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Writes a record with a version, and the metadata as the members of RFC 7591. It has the digest of the
/// secret, so only the store may see it.
impl Serialize for Client {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = Written {
            version: VERSION,
            tenant: &self.tenant,
            client_id: &self.id,
            issued_at: self.issued_at,
            security_mode: self.security_mode,
            secret_digest: self.secret.as_ref().map(SecretDigest::to_tagged),
            previous_secret: self.previous_secret.map(|(digest, until)| PreviousSecret {
                digest: digest.to_tagged(),
                until,
            }),
            blocked: self.blocked,
            error_redirect_policy: self.error_redirect_policy,
            revision: self.revision,
            metadata: &self.metadata,
        };
        written.serialize(serializer)
    }
}

/// Why a record is not a client. It never contains text of the record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RecordFault {
    #[error("it has more than {max} bytes")]
    TooLong { max: usize },
    #[error("it is not the JSON of a client, at line {line}, column {column}")]
    NotAClient { line: usize, column: usize },
    #[error("its version, {0}, is unknown")]
    UnknownVersion(u32),
    #[error("it holds a secret digest of an unknown kind")]
    SecretDigest,
    /// Without its digest, a confidential client would count as a public client.
    #[error("its secret digest does not fit its authentication method")]
    SecretMismatch,
    #[error("{0}")]
    Metadata(MetadataError),
    #[error("it is the record of another client")]
    AnotherClient,
}

impl RecordFault {
    /// The fault of a record that can't be read as JSON. A later version may have new members, so an unknown
    /// version is reported first.
    fn of_json(record: &[u8], error: &serde_json::Error) -> Self {
        #[derive(Deserialize)]
        struct OfSomeVersion {
            version: u32,
        }
        match serde_json::from_slice(record) {
            Ok(OfSomeVersion { version }) if version != VERSION => Self::UnknownVersion(version),
            _ => Self::NotAClient {
                line: error.line(),
                column: error.column(),
            },
        }
    }
}

impl Client {
    /// The largest size of a record, in bytes. Under the default limits, the largest record has fewer than
    /// 200,000 bytes.
    pub(crate) const MAX_RECORD_BYTES: usize = 4 << 20;

    /// Reads the client in `record`, which is JSON.
    pub(super) fn from_record(record: &[u8]) -> Result<Self, RecordFault> {
        let max = Self::MAX_RECORD_BYTES;
        if record.len() > max {
            return Err(RecordFault::TooLong { max });
        }
        match serde_json::from_slice::<Read>(record) {
            Ok(read) => read.try_into(),
            Err(error) => Err(RecordFault::of_json(record, &error)),
        }
    }
}

/// Reads a record. Only its structure is checked, because the rules of registration may have become stricter
/// since it was written, and this must not make a client unreadable.
impl<'de> Deserialize<'de> for Client {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Read::deserialize(deserializer)?;
        read.try_into().map_err(D::Error::custom)
    }
}

impl TryFrom<Read> for Client {
    type Error = RecordFault;

    fn try_from(read: Read) -> Result<Self, RecordFault> {
        if read.version != VERSION {
            return Err(RecordFault::UnknownVersion(read.version));
        }
        let digest =
            |text: String| SecretDigest::from_tagged(&text).ok_or(RecordFault::SecretDigest);
        let previous = |previous: PreviousSecret| Ok((digest(previous.digest)?, previous.until));
        let client = Self {
            tenant: read.tenant,
            id: read.client_id,
            issued_at: read.issued_at,
            security_mode: read.security_mode,
            secret: read.secret_digest.map(digest).transpose()?,
            previous_secret: read.previous_secret.map(previous).transpose()?,
            blocked: read.blocked,
            error_redirect_policy: read.error_redirect_policy,
            revision: read.revision,
            metadata: read
                .metadata
                .restore(read.security_mode)
                .map_err(RecordFault::Metadata)?,
        };
        let is_public = client.metadata.token_endpoint_auth_method().is_public();
        let has_secret = client.secret.is_some();
        if is_public == has_secret || (is_public && client.previous_secret.is_some()) {
            return Err(RecordFault::SecretMismatch);
        }
        Ok(client)
    }
}
