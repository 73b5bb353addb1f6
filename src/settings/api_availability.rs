use crate::{
    settings::{ApiPolicy, ApiSettings, SubjectType},
    types::SecurityMode,
};

/// Whether clients can get a token for an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ApiAvailability {
    /// No client can.
    Closed,
    /// Clients with a grant can.
    WithGrant,
    /// Every client can.
    Open,
}

impl ApiSettings {
    /// Whether clients of `mode` can get a token for this API on behalf of `subject_type`.
    pub(crate) fn availability(
        &self,
        mode: SecurityMode,
        subject_type: SubjectType,
    ) -> ApiAvailability {
        let is_strict = mode == SecurityMode::Strict;
        // A strict client acts for users only (RFC 6749 section 4.4 is not for it).
        if is_strict && (self.system || subject_type == SubjectType::Client) {
            return ApiAvailability::Closed;
        }
        // The policy is about users; a client on its own behalf always needs a grant.
        match (subject_type, self.policy) {
            (SubjectType::User, ApiPolicy::Deny) => ApiAvailability::Closed,
            (SubjectType::User, ApiPolicy::AllowAll) if !is_strict => ApiAvailability::Open,
            _ => ApiAvailability::WithGrant,
        }
    }
}
