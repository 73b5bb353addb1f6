use serde::{Deserialize, Serialize};

use crate::{
    access::{ApiAccess, StoredAccess},
    authorization::{ResponseMode, code_binding, names::LeftToHost},
    envelope::Envelope,
    pkce::CodeChallenge,
    redirect_uri::RedirectUri,
    settings::Issuer,
    types::{ClientId, ErrorRedirectPolicy, ResponseType, TenantId},
};

/// A checked authorization request: the content of a decision and of its approval.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DecisionContent {
    pub(super) tenant: TenantId,
    pub(super) client_id: ClientId,
    #[serde(deserialize_with = "code_binding::redirect_uri")]
    pub(super) redirect_uri: RedirectUri,
    pub(super) redirect_uri_was_given: bool,
    pub(super) response_type: ResponseType,
    pub(super) response_mode: ResponseMode,
    #[serde(rename = "redirection_policy")]
    pub(super) error_redirect_policy: ErrorRedirectPolicy,
    pub(super) challenge: Option<CodeChallenge>,
    #[serde(with = "StoredAccess")]
    pub(super) access: ApiAccess,
    pub(super) connections: Box<[Box<str>]>,
    pub(super) state: Option<Box<str>>,
    pub(super) nonce: Option<Box<str>>,
    pub(super) left_to_host: LeftToHost,
    pub(super) issuer: Option<Issuer>,
}

impl DecisionContent {
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let mut parameters = self.left_to_host.iter();
        let found = parameters.find(|(known, _)| **known == *name);
        found.map(|(_, value)| &**value)
    }
}

impl Envelope for DecisionContent {
    const KIND: &'static str = "authorization_decision";
}
