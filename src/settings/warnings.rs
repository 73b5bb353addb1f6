//! Finds settings that work but are probably mistakes.

use crate::{
    acl::ForwardedHeader,
    settings::{
        ApiAvailability, ApiSettings, GrantedScope, Grantee, SettingsDocument, SettingsWarning,
        SettingsWarningKind as Kind, SubjectType, TenantSettings, unique,
    },
    types::{ClientId, SecurityMode, TokenEndpointAuthMethod},
};

impl TenantSettings {
    /// Finds settings that work but are probably mistakes, for the host to log or show.
    ///
    /// Settings that can never work are errors instead ([`TenantSettings::check`]).
    ///
    /// ```
    /// use oauth_dcr::{settings::SettingsWarningKind, TenantSettings};
    ///
    /// let warnings = TenantSettings::new().enabled().warnings();
    /// assert_eq!(warnings[0].kind(), SettingsWarningKind::NoReachableApi);
    /// assert_eq!(warnings[0].path(), "client_grants");
    /// assert!(warnings[0].to_string().contains("can reach no API"));
    /// // Registration is off, so nothing is missing.
    /// assert!(TenantSettings::new().warnings().is_empty());
    /// ```
    pub fn warnings(&self) -> Vec<SettingsWarning> {
        let mut warnings = Vec::new();
        let mut warn = |path: String, kind| warnings.push(SettingsWarning::new(path, kind));
        if self.registration.enabled {
            self.review_registration(&mut warn);
        }
        self.review_acl(&mut warn);
        self.review_proxies(&mut warn);
        self.review_apis(&mut warn);
        warnings
    }

    fn review_registration(&self, warn: &mut impl FnMut(String, Kind)) {
        let registration = &self.registration;
        let uris = &registration.redirect_uris;
        let path = |field: &str| format!("registration.{field}");
        if registration.rate_limit.is_none() && registration.rate_limit_per_source.is_none() {
            warn(path("rate_limit"), Kind::NoRateLimit);
        }
        let methods = &registration.token_endpoint_auth_methods;
        let is_for_native = !uris.schemes.is_empty() || uris.localhost_any_port;
        if is_for_native && !methods.contains(TokenEndpointAuthMethod::None) {
            warn(path("token_endpoint_auth_methods"), Kind::NoPublicClients);
        }
        if registration.max_body_bytes < uris.max_bytes {
            warn(path("max_body_bytes"), Kind::BodySmallerThanRedirectUri);
        }
        if !self.lets_new_clients_reach_an_api() {
            warn("client_grants".to_owned(), Kind::NoReachableApi);
        }
        let mut connections = self.connections.iter();
        if !connections.any(|connection| connection.is_domain_connection) {
            warn("connections".to_owned(), Kind::NoDomainConnection);
        }
    }

    /// Whether a new client can get a token for any API.
    fn lets_new_clients_reach_an_api(&self) -> bool {
        let mode = self.registration.security_mode;
        let grants = self.client_grants.iter();
        let defaults = grants.filter(|grant| grant.grantee == Grantee::ThirdPartyClients);
        let defaults =
            unique(defaults.map(|grant| ((&*grant.audience, grant.subject_type), grant)));
        let is_reachable = |api: &ApiSettings, subject| match api.availability(mode, subject) {
            ApiAvailability::Closed => false,
            ApiAvailability::WithGrant => {
                let grant = defaults.get(&(&*api.identifier, subject));
                grant.is_some_and(Option::is_some)
            }
            ApiAvailability::Open => true,
        };
        let apis = unique(self.apis.iter().map(|api| (&*api.identifier, api)));
        let mut apis = apis.values().flatten();
        apis.any(|api| {
            is_reachable(api, SubjectType::User) || is_reachable(api, SubjectType::Client)
        })
    }

    fn review_acl(&self, warn: &mut impl FnMut(String, Kind)) {
        for (rule, earlier) in self.acl.unreachable() {
            warn(format!("acl[{rule}]"), Kind::UnreachableRule { earlier });
        }
    }

    fn review_proxies(&self, warn: &mut impl FnMut(String, Kind)) {
        let is_either = self.forwarded_header == ForwardedHeader::Either;
        if self.proxy_trust().is_possible() {
            if is_either {
                warn("forwarded_header".to_owned(), Kind::EitherForwardedHeader);
            }
            return;
        }
        if !is_either {
            warn("forwarded_header".to_owned(), Kind::HeaderWithoutProxy);
        }
        for (field, _) in self.signal_headers.named() {
            warn(format!("signal_headers.{field}"), Kind::HeaderWithoutProxy);
        }
    }

    fn review_apis(&self, warn: &mut impl FnMut(String, Kind)) {
        let default = self.default_audience.as_deref();
        let default = default.and_then(|identifier| self.api_named(identifier));
        if default.is_some_and(|api| is_closed(api, self.registration.security_mode)) {
            warn("default_audience".to_owned(), Kind::ClosedDefaultAudience);
        }
        for (at, grant) in self.client_grants.iter().enumerate() {
            let Some(api) = self.api_named(&grant.audience) else {
                continue;
            };
            let path = format!("client_grants[{at}]");
            let mode = self.mode_of(&grant.grantee);
            let is_for_users = grant.subject_type == SubjectType::User;
            if !is_for_users && mode == SecurityMode::Strict {
                warn(format!("{path}.subject_type"), Kind::GrantForClientItself);
            } else if is_for_users && is_closed(api, mode) {
                warn(format!("{path}.audience"), Kind::GrantForClosedApi);
            }
            let GrantedScope::Listed(scopes) = &grant.scope else {
                continue;
            };
            for (index, scope) in scopes.iter().enumerate() {
                if !api.scopes.contains(scope) {
                    warn(format!("{path}.scope[{index}]"), Kind::UnknownScope);
                }
            }
        }
    }

    /// The mode of the clients that have the grant.
    fn mode_of(&self, grantee: &Grantee) -> SecurityMode {
        match grantee {
            Grantee::Client(id) if id.as_str().starts_with(ClientId::STRICT_PREFIX) => {
                SecurityMode::Strict
            }
            Grantee::Client(_) => SecurityMode::Permissive,
            Grantee::ThirdPartyClients => self.registration.security_mode,
        }
    }
}

/// Whether no client of this mode can act for a user at `api`, even with a grant.
fn is_closed(api: &ApiSettings, mode: SecurityMode) -> bool {
    api.availability(mode, SubjectType::User) == ApiAvailability::Closed
}

impl SettingsDocument {
    /// The warnings of all tenants ([`TenantSettings::warnings`]), with paths from the document, such as
    /// `tenants[0].connections`.
    pub fn warnings(&self) -> Vec<SettingsWarning> {
        warnings(self.tenants())
    }
}

/// The warnings of the tenants of one document.
pub(super) fn warnings(tenants: &[TenantSettings]) -> Vec<SettingsWarning> {
    let of_tenant = |(at, tenant): (usize, &TenantSettings)| {
        let warnings = tenant.warnings().into_iter();
        warnings.map(move |warning| warning.of_tenant(at))
    };
    tenants.iter().enumerate().flat_map(of_tenant).collect()
}
