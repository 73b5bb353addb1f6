use serde::{Deserialize, Serialize};

/// The endpoints that a rule covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AclScope {
    /// The registration endpoint. The JSON name `dynamic_client_registration` is read as this scope too.
    #[serde(alias = "dynamic_client_registration")]
    Dcr,
    /// Every endpoint except for the management interface. It includes the registration endpoint.
    Authentication,
    /// Every endpoint.
    Tenant,
    /// The management interface.
    Management,
}

/// The kind of endpoint to which a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// The registration endpoint.
    Registration,
    /// Another endpoint for clients and users.
    Authentication,
    /// The management interface.
    Management,
}

impl AclScope {
    /// Whether rules with this scope are evaluated for requests to `endpoint`.
    pub const fn covers(self, endpoint: Endpoint) -> bool {
        match self {
            Self::Dcr => matches!(endpoint, Endpoint::Registration),
            Self::Authentication => !matches!(endpoint, Endpoint::Management),
            Self::Tenant => true,
            Self::Management => matches!(endpoint, Endpoint::Management),
        }
    }

    /// The name of the scope in JSON.
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
