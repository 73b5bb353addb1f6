use crate::{
    settings::{ApiPolicy, ApiSettings, SubjectType},
    types::SecurityMode,
};

/// Which clients can get a token for an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ApiAvailability {
    /// No client.
    Closed,
    /// Clients with a grant.
    WithGrant,
    /// Every client.
    Open,
}

impl ApiSettings {
    /// Which clients of `mode` can get a token for this API on behalf of `subject_type`.
    pub(crate) fn availability(
        &self,
        mode: SecurityMode,
        subject_type: SubjectType,
    ) -> ApiAvailability {
        let is_strict = mode == SecurityMode::Strict;
        // A strict client acts only for users: it cannot use client credentials (RFC 6749 section 4.4).
        if is_strict && (self.system || subject_type == SubjectType::Client) {
            return ApiAvailability::Closed;
        }
        // The policy is for access on behalf of users. For access on its own behalf, a client always needs
        // a grant.
        match (subject_type, self.policy) {
            (SubjectType::User, ApiPolicy::Deny) => ApiAvailability::Closed,
            (SubjectType::User, ApiPolicy::AllowAll) if !is_strict => ApiAvailability::Open,
            _ => ApiAvailability::WithGrant,
        }
    }
}
