use serde::{Deserialize, Serialize};

/// Which endpoints a rule covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AclScope {
    /// The registration endpoint. Read from `dynamic_client_registration` too.
    #[serde(alias = "dynamic_client_registration")]
    Dcr,
    /// Every endpoint outside of management, the registration endpoint among them.
    Authentication,
    /// Every endpoint.
    Tenant,
    /// The management interface.
    Management,
}

/// What a request asks for, as far as rules tell endpoints apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// The registration endpoint.
    Registration,
    /// Another endpoint that clients and users reach.
    Authentication,
    /// The management interface.
    Management,
}

impl AclScope {
    /// Whether rules of this scope are asked about requests to `endpoint`.
    pub const fn covers(self, endpoint: Endpoint) -> bool {
        match self {
            Self::Dcr => matches!(endpoint, Endpoint::Registration),
            Self::Authentication => !matches!(endpoint, Endpoint::Management),
            Self::Tenant => true,
            Self::Management => matches!(endpoint, Endpoint::Management),
        }
    }

    /// The word that the JSON has for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dcr => "dcr",
            Self::Authentication => "authentication",
            Self::Tenant => "tenant",
            Self::Management => "management",
        }
    }
}

impl Endpoint {
    pub(super) const ALL: [Self; 3] = [Self::Registration, Self::Authentication, Self::Management];
}
