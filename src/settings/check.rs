//! Checks that need several fields: settings that contradict each other, or can never work.

use std::{collections::HashSet, hash::Hash};

use crate::{
    acl::{EdgeSignal, Endpoint, Signal},
    settings::{
        ClientGrant, GrantedScope, Grantee, SettingsError, SettingsFault, TenantSettings, leeway,
        proxies, request_host::is_request_host, without_empty_path,
    },
    types::is_scope_token,
};

/// The smallest limit of the length of a redirect URI. A lower limit would refuse nearly every redirect URI.
const LEAST_URI_BYTES: usize = 64;

/// The length of the shortest body that registers a client, in bytes.
const LEAST_BODY_BYTES: usize = r#"{"redirect_uris":["http://[::1]"]}"#.len();

/// The length of the longest name of an API or a connection, in bytes.
const GREATEST_NAME_BYTES: usize = 2048;

impl TenantSettings {
    /// Checks for settings that can never work:
    ///
    /// - hosts that no request can have, duplicate entries and invalid scopes;
    /// - grants for unknown APIs;
    /// - limits that are too small for any registration;
    /// - proxies that cover every address;
    /// - access rules on a TLS fingerprint that nothing provides.
    ///
    /// Settings that are read by serde are checked already. Call this method for settings that are made in
    /// Rust. [`Registrar::check`](crate::Registrar::check) also knows the registrar's source of locations.
    ///
    /// # Errors
    /// [`SettingsError`] names the first invalid field.
    pub fn check(&self) -> Result<(), SettingsError> {
        first(self.errors(may_be_provided))
    }

    /// The same check for a registrar whose source of locations provides the signals `located`. Nothing else
    /// provides signals, except for these settings. The error names the tenant.
    pub(crate) fn check_for(&self, located: &[EdgeSignal]) -> Result<(), SettingsError> {
        let errors = self.errors(|signal| located.contains(&signal));
        first(errors).map_err(|error| error.of(&self.id))
    }

    /// Checks only the rules on locations, for settings that have passed [`check`](Self::check). The source
    /// of locations of the registrar provides the signals `located`.
    pub(crate) fn check_locations(&self, located: &[EdgeSignal]) -> Result<(), SettingsError> {
        let mut errors = Vec::new();
        let mut refuse = |path: String, fault| errors.push(SettingsError::new(path, fault));
        let is_provided = |signal| !may_be_provided(signal) || located.contains(&signal);
        self.check_signal_sources(is_provided, &mut refuse);
        first(errors).map_err(|error| error.of(&self.id))
    }

    /// All errors that [`check`](Self::check) finds. `is_provided` says which signals are provided by
    /// something other than these settings.
    pub(super) fn errors(&self, is_provided: impl Fn(EdgeSignal) -> bool) -> Vec<SettingsError> {
        let mut errors = Vec::new();
        let mut refuse = |path: String, fault| errors.push(SettingsError::new(path, fault));
        self.check_hosts(&mut refuse);
        self.check_limits(&mut refuse);
        self.check_refresh_tokens(&mut refuse);
        self.check_proxies(&mut refuse);
        self.check_apis(&mut refuse);
        self.check_client_grants(&mut refuse);
        self.check_connections(&mut refuse);
        self.check_signal_sources(is_provided, &mut refuse);
        errors
    }

    /// Checks that each rule for an endpoint of this crate can be evaluated.
    fn check_signal_sources(
        &self,
        is_provided: impl Fn(EdgeSignal) -> bool,
        refuse: &mut impl FnMut(String, SettingsFault),
    ) {
        for (rule, side, signal) in self.acl.needs(Endpoint::Registration) {
            let edge = EdgeSignal::ALL
                .into_iter()
                .find(|edge| Signal::from(*edge) == signal);
            if let Some(edge) = edge.filter(|edge| !self.provides(*edge) && !is_provided(*edge)) {
                let path = format!("acl[{rule}].rule.{side}.{}", signal.member());
                refuse(path, SettingsFault::NoSignalSource(edge));
            }
        }
    }

    fn check_hosts(&self, refuse: &mut impl FnMut(String, SettingsFault)) {
        let hosts = self.hosts.iter().map(|host| host.to_ascii_lowercase());
        check_duplicates("hosts", hosts, refuse);
        for (at, host) in self.hosts.iter().enumerate() {
            if !is_request_host(host) {
                refuse(format!("hosts[{at}]"), SettingsFault::InvalidHost);
            }
        }
    }

    fn check_limits(&self, refuse: &mut impl FnMut(String, SettingsFault)) {
        let registration = &self.registration;
        let uris = &registration.redirect_uris;
        let metadata = &registration.metadata_limits;
        let limits = [
            ("redirect_uris.max", uris.max, 1),
            ("redirect_uris.max_bytes", uris.max_bytes, LEAST_URI_BYTES),
            (
                "max_body_bytes",
                registration.max_body_bytes,
                LEAST_BODY_BYTES,
            ),
            (
                "metadata_limits.client_name_chars",
                metadata.client_name_chars,
                1,
            ),
            ("metadata_limits.uri_bytes", metadata.uri_bytes, 1),
            ("metadata_limits.localized", metadata.localized, 1),
            ("metadata_limits.contacts", metadata.contacts, 1),
            ("metadata_limits.contact_chars", metadata.contact_chars, 1),
            ("metadata_limits.scope_bytes", metadata.scope_bytes, 1),
            ("metadata_limits.software_chars", metadata.software_chars, 1),
        ];
        if registration.token_endpoint_auth_methods.is_empty() {
            let path = "registration.token_endpoint_auth_methods";
            refuse(path.to_owned(), SettingsFault::Empty);
        }
        for (field, limit, least) in limits {
            if limit < least {
                let path = format!("registration.{field}");
                refuse(path, SettingsFault::TooSmall { least });
            }
        }
    }

    fn check_refresh_tokens(&self, refuse: &mut impl FnMut(String, SettingsFault)) {
        if let Err(fault) = leeway::check(self.refresh_token_leeway_seconds) {
            refuse("refresh_token_leeway_seconds".to_owned(), fault);
        }
    }

    fn check_proxies(&self, refuse: &mut impl FnMut(String, SettingsFault)) {
        if let Err(fault) = proxies::check(&self.trusted_proxies) {
            refuse("trusted_proxies".to_owned(), fault);
        }
    }

    fn check_apis(&self, refuse: &mut impl FnMut(String, SettingsFault)) {
        let names = self
            .apis
            .iter()
            .map(|api| without_empty_path(&api.identifier));
        check_duplicates("apis", names, refuse);
        for (at, api) in self.apis.iter().enumerate() {
            check_name(format!("apis[{at}].identifier"), &api.identifier, refuse);
            check_scopes(&format!("apis[{at}].scopes"), &api.scopes, refuse);
        }
        let default = self.default_audience.as_deref();
        if default.is_some_and(|identifier| self.api_named(identifier).is_none()) {
            let path = "default_audience".to_owned();
            refuse(path, SettingsFault::UnknownAudience);
        }
    }

    fn check_client_grants(&self, refuse: &mut impl FnMut(String, SettingsFault)) {
        let key = |grant: &ClientGrant| {
            (
                grant.grantee.clone(),
                grant.audience.clone(),
                grant.subject_type,
            )
        };
        check_duplicates("client_grants", self.client_grants.iter().map(key), refuse);
        for (at, grant) in self.client_grants.iter().enumerate() {
            if let GrantedScope::Listed(scopes) = &grant.scope {
                check_scopes(&format!("client_grants[{at}].scope"), scopes, refuse);
            }
            let is_default = grant.grantee == Grantee::ThirdPartyClients;
            let fault = match self.api_named(&grant.audience) {
                None => SettingsFault::UnknownAudience,
                Some(api) if api.system && is_default => SettingsFault::SystemApi,
                Some(_) => continue,
            };
            refuse(format!("client_grants[{at}].audience"), fault);
        }
    }

    fn check_connections(&self, refuse: &mut impl FnMut(String, SettingsFault)) {
        let names = self.connections.iter().map(|connection| &connection.name);
        check_duplicates("connections", names, refuse);
        for (at, connection) in self.connections.iter().enumerate() {
            check_name(format!("connections[{at}].name"), &connection.name, refuse);
        }
    }
}

/// Returns the first error, if there is one.
pub(super) fn first(errors: Vec<SettingsError>) -> Result<(), SettingsError> {
    errors.into_iter().next().map_or(Ok(()), Err)
}

/// Whether something other than a tenant's settings may provide `signal`. A registrar may have a source of
/// locations, but only a header or the host program can provide a fingerprint.
pub(super) const fn may_be_provided(signal: EdgeSignal) -> bool {
    !matches!(signal, EdgeSignal::Ja3 | EdgeSignal::Ja4)
}

fn check_duplicates<K: Eq + Hash>(
    list: &str,
    keys: impl Iterator<Item = K>,
    refuse: &mut impl FnMut(String, SettingsFault),
) {
    let mut seen = HashSet::new();
    for (at, key) in keys.enumerate() {
        if !seen.insert(key) {
            refuse(format!("{list}[{at}]"), SettingsFault::Duplicate);
        }
    }
}

fn check_scopes(path: &str, scopes: &[String], refuse: &mut impl FnMut(String, SettingsFault)) {
    for (at, scope) in scopes.iter().enumerate() {
        if !is_scope_token(scope) {
            refuse(format!("{path}[{at}]"), SettingsFault::InvalidScope);
        }
    }
}

/// Checks a name that requests send in a parameter.
fn check_name(path: String, name: &str, refuse: &mut impl FnMut(String, SettingsFault)) {
    let is_trimmed = name.trim().len() == name.len();
    let has_control = name.chars().any(char::is_control);
    if name.is_empty() || name.len() > GREATEST_NAME_BYTES || !is_trimmed || has_control {
        refuse(path, SettingsFault::InvalidName);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acl::{Acl, AclScope, Conditions, CountryCode, Ja3, Rule};

    #[test]
    fn check_locations_checks_only_rules_on_locations() {
        let ja3 = Ja3::parse("e7d705a3286e19ea42f587b344ee6865").unwrap();
        let sweden = CountryCode::parse("SE").unwrap();
        let conditions = Conditions::new().ja3([ja3]).countries([sweden]);
        let mut settings = TenantSettings::new();
        settings.acl = Acl::new([Rule::block(AclScope::Dcr).matching(conditions)]).unwrap();
        settings.hosts = vec!["a/b".to_owned()];

        let paths = |errors: Vec<SettingsError>| -> Vec<String> {
            errors.iter().map(|error| error.path().to_owned()).collect()
        };
        let (host, country, ja3) = (
            "hosts[0]",
            "acl[0].rule.match.geo_country_codes",
            "acl[0].rule.match.ja3_fingerprints",
        );
        assert_eq!(paths(settings.errors(may_be_provided)), [host, ja3]);
        assert_eq!(paths(settings.errors(|_| false)), [host, country, ja3]);
        let rest = settings.check_locations(&[]).unwrap_err();
        assert_eq!(rest.path(), country);
        assert!(settings.check_locations(&[EdgeSignal::Country]).is_ok());
    }
}
