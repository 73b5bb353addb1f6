use std::fmt;

/// A warning about a setting that works but is probably a mistake, with the field, the effect and the remedy.
///
/// `Display` names the field by its path, such as `tenants[0].client_grants`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsWarning {
    path: String,
    kind: SettingsWarningKind,
}

/// The kind of a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingsWarningKind {
    /// Registration is on, but a new client can reach no API: there is no default grant, or all default
    /// grants are for closed APIs.
    NoReachableApi,
    /// Registration is on, but no connection is at the domain level, so no user can sign in.
    NoDomainConnection,
    /// Registration is on without any quota.
    NoRateLimit,
    /// Private-use schemes or any port of `localhost` are allowed, but not the method `none`, with which
    /// most native applications register.
    NoPublicClients,
    /// A redirect URI of the longest length does not fit into the largest body.
    BodySmallerThanRedirectUri,
    /// The default API is closed to every client that registers.
    ClosedDefaultAudience,
    /// A grant has no effect, because its API is closed to the clients of the grant.
    GrantForClosedApi,
    /// A grant for strict clients covers access on their own behalf, which strict clients never have.
    GrantForClientItself,
    /// A grant covers a scope that its API does not have.
    UnknownScope,
    /// Both forwarding headers are read, so a client or its proxy may add the header that the trusted
    /// proxies do not write.
    EitherForwardedHeader,
    /// A header is set, but no proxy is trusted to write it.
    HeaderWithoutProxy,
    /// An access rule never decides, because an earlier rule decides about all the same requests.
    UnreachableRule {
        /// The position of the earlier rule.
        earlier: usize,
    },
}

impl SettingsWarning {
    pub(super) fn new(path: impl Into<String>, kind: SettingsWarningKind) -> Self {
        Self {
            path: path.into(),
            kind,
        }
    }

    /// The same warning about the tenant at this position of a document.
    pub(super) fn of_tenant(self, position: usize) -> Self {
        let path = format!("tenants[{position}].{}", self.path);
        Self { path, ..self }
    }

    /// The path of the field: from the document, such as `tenants[0].connections`, or from the settings of
    /// one tenant, such as `connections`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The kind of the warning.
    pub const fn kind(&self) -> SettingsWarningKind {
        self.kind
    }
}

impl fmt::Display for SettingsWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.kind)
    }
}

/// Says what happens, and what to change.
impl fmt::Display for SettingsWarningKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoReachableApi => {
                "registration is on, but new clients can reach no API: add a grant with \
                 `default_for`: \"third_party_clients\" for an API that is open to them"
            }
            Self::NoDomainConnection => {
                "registration is on, but no user can sign in for a registered client: set \
                 `is_domain_connection` to true for a connection"
            }
            Self::NoRateLimit => {
                "registration is on without any limit, so one source can fill the store: set \
                 `rate_limit` or `rate_limit_per_source`, unless something in front of the server \
                 limits requests"
            }
            Self::NoPublicClients => {
                "clients that register with the method none, as most native applications do, are \
                 refused: add \"none\""
            }
            Self::BodySmallerThanRedirectUri => {
                "a redirect URI of `redirect_uris.max_bytes` does not fit into a body: raise \
                 `max_body_bytes`, or lower `redirect_uris.max_bytes`"
            }
            Self::ClosedDefaultAudience => {
                "this API is closed to clients that register, so their requests without an API are \
                 refused: name an API that is open to them, or null"
            }
            Self::GrantForClosedApi => {
                "this API is closed to the clients that the grant is for, so the grant has no effect: \
                 change `policy` or `system` of the API, or remove the grant"
            }
            Self::GrantForClientItself => {
                "strict clients act for users only, so the grant has no effect for them: use \"user\", \
                 or remove the grant"
            }
            Self::UnknownScope => {
                "the API does not have this scope, so it is never granted: add it to the `scopes` of the \
                 API, or remove it here"
            }
            Self::EitherForwardedHeader => {
                "both headers are read, so a client or its proxy can add the header that your proxies do \
                 not write, and make the client's address unknown: set this to the header that your \
                 proxies write, \"forwarded\" or \"x-forwarded-for\""
            }
            Self::HeaderWithoutProxy => {
                "the header is never read, because no proxy is trusted: list your proxies in \
                 `trusted_proxies`, or set `trusted_hops`"
            }
            Self::UnreachableRule { earlier } => {
                return write!(
                    f,
                    "this rule is never reached, because the earlier rule acl[{earlier}] decides about \
                     all the same requests: remove one of the two, or change their priorities"
                );
            }
        })
    }
}
