use crate::settings::SubjectType;

/// The access that a request asks for: an API, named by `audience` or by `resource` (RFC 8707), and scopes of
/// this API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessRequest<'a> {
    /// The parameter `audience`.
    pub audience: Option<&'a str>,
    /// The parameter `resource`.
    pub resource: Option<&'a str>,
    /// The parameter `scope`.
    pub scope: Option<&'a str>,
    /// On whose behalf the client uses the API. Default: on behalf of a user.
    pub subject_type: SubjectType,
}

impl<'a> AccessRequest<'a> {
    /// A request for the API `audience`, on behalf of a user.
    pub fn to(audience: &'a str) -> Self {
        Self {
            audience: Some(audience),
            ..Self::default()
        }
    }

    /// A request for the API that `resource` names, on behalf of a user (RFC 8707 section 2).
    pub fn to_resource(resource: &'a str) -> Self {
        Self {
            resource: Some(resource),
            ..Self::default()
        }
    }

    /// The same request, on behalf of the client itself (RFC 6749 section 4.4).
    #[must_use]
    pub const fn by_the_client_itself(mut self) -> Self {
        self.subject_type = SubjectType::Client;
        self
    }

    /// The same request, for these scopes.
    #[must_use]
    pub const fn scope(mut self, scope: &'a str) -> Self {
        self.scope = Some(scope);
        self
    }
}
