//! What no single field shows: that settings contradict themselves, or can never work.

use std::{collections::HashSet, hash::Hash, net::Ipv6Addr};

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::{
    acl::{EdgeSignal, Endpoint, NetworkSet, Signal, WrittenNetwork},
    settings::{
        ApiSettings, ClientGrant, GrantedScope, Grantee, SettingsError, SettingsFault,
        TenantSettings, without_empty_path,
    },
    values::{is_host, is_scope_token},
};

/// A shorter limit would refuse nearly every redirect URI that there is.
const LEAST_URI_BYTES: usize = 64;

/// No body that registers a client is shorter.
const LEAST_BODY_BYTES: usize = r#"{"redirect_uris":["http://[::1]"]}"#.len();

/// A longer leeway would give a thief of a refresh token time to use it unnoticed.
const GREATEST_LEEWAY_SECONDS: u8 = 60;

/// The longest name of an API or a connection.
const GREATEST_NAME_BYTES: usize = 2048;

impl TenantSettings {
    /// Checks what no single field shows: hosts that no request can have, entries that say two things of one API, grant or connection,
    /// scopes that are none, grants for an API that is not there, limits with which no registration
    /// can succeed, proxies that are every address, and rules on a TLS fingerprint that nothing tells.
    ///
    /// Reading settings by serde does it; call it for those that are put together in Rust.
    /// [`Registrar::check`](crate::Registrar::check) also knows the registrar's source of locations.
    ///
    /// # Errors
    /// [`SettingsError`] names the first field at fault.
    pub fn check(&self) -> Result<(), SettingsError> {
        self.check_hosts()?;
        self.check_limits()?;
        self.check_refresh_tokens()?;
        self.check_proxies()?;
        self.check_apis()?;
        self.check_client_grants()?;
        self.check_connections()?;
        // A registrar may have a source of locations. Nothing but a header or the host tells a
        // fingerprint.
        self.check_signal_sources(|signal| !matches!(signal, EdgeSignal::Ja3 | EdgeSignal::Ja4))
    }

    /// Checks that each rule on an endpoint of this crate can be evaluated, where `is_told` says which
    /// signals are told by others than these settings.
    pub(crate) fn check_signal_sources(
        &self,
        is_told: impl Fn(EdgeSignal) -> bool,
    ) -> Result<(), SettingsError> {
        for (rule, side, signal) in self.acl.needs(Endpoint::Registration) {
            let edge = EdgeSignal::ALL
                .into_iter()
                .find(|it| Signal::from(*it) == signal);
            if let Some(edge) = edge.filter(|it| !self.tells(*it) && !is_told(*it)) {
                let path = format!("acl[{rule}].rule.{side}.{}", signal.member());
                return Err(SettingsError::new(
                    path,
                    SettingsFault::NoSignalSource(edge),
                ));
            }
        }
        Ok(())
    }

    fn check_hosts(&self) -> Result<(), SettingsError> {
        none_twice("hosts", self.hosts.iter().map(|it| it.to_ascii_lowercase()))?;
        match self.hosts.iter().position(|it| !is_host_of_requests(it)) {
            Some(at) => Err(SettingsError::new(
                format!("hosts[{at}]"),
                SettingsFault::InvalidHost,
            )),
            None => Ok(()),
        }
    }

    fn check_limits(&self) -> Result<(), SettingsError> {
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
            return Err(SettingsError::new(path, SettingsFault::Empty));
        }
        match limits.into_iter().find(|(_, limit, least)| limit < least) {
            Some((field, _, least)) => {
                let path = format!("registration.{field}");
                Err(SettingsError::new(path, SettingsFault::TooSmall { least }))
            }
            None => Ok(()),
        }
    }

    fn check_refresh_tokens(&self) -> Result<(), SettingsError> {
        if self.refresh_token_leeway_seconds > GREATEST_LEEWAY_SECONDS {
            let greatest = GREATEST_LEEWAY_SECONDS.into();
            let path = "refresh_token_leeway_seconds";
            return Err(SettingsError::new(
                path,
                SettingsFault::TooLarge { greatest },
            ));
        }
        Ok(())
    }

    fn check_proxies(&self) -> Result<(), SettingsError> {
        if self.trusted_proxies.covers_a_family() {
            return Err(SettingsError::new(
                "trusted_proxies",
                SettingsFault::EveryAddress,
            ));
        }
        Ok(())
    }

    fn check_apis(&self) -> Result<(), SettingsError> {
        let names = self
            .apis
            .iter()
            .map(|it| without_empty_path(&it.identifier));
        none_twice("apis", names)?;
        for (at, api) in self.apis.iter().enumerate() {
            check_name(&format!("apis[{at}].identifier"), &api.identifier)?;
            check_scopes(&format!("apis[{at}].scopes"), &api.scopes)?;
        }
        match &self.default_audience {
            Some(audience) if self.api_named(audience).is_none() => Err(SettingsError::new(
                "default_audience",
                SettingsFault::UnknownAudience,
            )),
            _ => Ok(()),
        }
    }

    fn check_client_grants(&self) -> Result<(), SettingsError> {
        let key = |it: &ClientGrant| (it.grantee.clone(), it.audience.clone(), it.subject_type);
        none_twice("client_grants", self.client_grants.iter().map(key))?;
        for (at, grant) in self.client_grants.iter().enumerate() {
            if let GrantedScope::Listed(scopes) = &grant.scope {
                check_scopes(&format!("client_grants[{at}].scope"), scopes)?;
            }
            let is_default = grant.grantee == Grantee::ThirdPartyClients;
            let fault = match self.api_named(&grant.audience) {
                None => SettingsFault::UnknownAudience,
                Some(api) if api.system && is_default => SettingsFault::SystemApi,
                Some(_) => continue,
            };
            return Err(SettingsError::new(
                format!("client_grants[{at}].audience"),
                fault,
            ));
        }
        Ok(())
    }

    /// The API with exactly this identifier, as grants name it.
    pub(super) fn api_named(&self, identifier: &str) -> Option<&ApiSettings> {
        self.apis.iter().find(|api| api.identifier == identifier)
    }

    fn check_connections(&self) -> Result<(), SettingsError> {
        none_twice("connections", self.connections.iter().map(|it| &it.name))?;
        for (at, connection) in self.connections.iter().enumerate() {
            check_name(&format!("connections[{at}].name"), &connection.name)?;
        }
        Ok(())
    }
}

/// Reads networks of trusted proxies, so that an error names the one that is every address.
pub(super) fn trusted_proxies<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<NetworkSet, D::Error> {
    let proxies = Vec::<Proxy>::deserialize(deserializer)?;
    Ok(proxies.into_iter().map(|Proxy(network)| network).collect())
}

struct Proxy(IpNet);

impl<'de> Deserialize<'de> for Proxy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let WrittenNetwork(network) = WrittenNetwork::deserialize(deserializer)?;
        if NetworkSet::new([network]).covers_a_family() {
            return Err(D::Error::custom(SettingsFault::EveryAddress));
        }
        Ok(Self(network))
    }
}

fn none_twice<K: Eq + Hash>(
    list: &str,
    mut keys: impl Iterator<Item = K>,
) -> Result<(), SettingsError> {
    let mut seen = HashSet::new();
    match keys.position(|key| !seen.insert(key)) {
        Some(at) => Err(SettingsError::new(
            format!("{list}[{at}]"),
            SettingsFault::Duplicate,
        )),
        None => Ok(()),
    }
}

/// Whether `host` is written as requests have it: clients shorten an IPv6 address.
fn is_host_of_requests(host: &str) -> bool {
    let ipv6 = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let is_shortest = |text: &str| {
        let address = text.parse::<Ipv6Addr>();
        address.is_ok_and(|address| address.to_string().eq_ignore_ascii_case(text))
    };
    is_host(host) && ipv6.is_none_or(is_shortest)
}

fn check_scopes(path: &str, scopes: &[String]) -> Result<(), SettingsError> {
    match scopes.iter().position(|it| !is_scope_token(it)) {
        Some(at) => Err(SettingsError::new(
            format!("{path}[{at}]"),
            SettingsFault::InvalidScope,
        )),
        None => Ok(()),
    }
}

/// Checks a name that requests give in a parameter.
fn check_name(path: &str, name: &str) -> Result<(), SettingsError> {
    let is_trimmed = name.trim().len() == name.len();
    let has_control = name.chars().any(char::is_control);
    if name.is_empty() || name.len() > GREATEST_NAME_BYTES || !is_trimmed || has_control {
        return Err(SettingsError::new(path, SettingsFault::InvalidName));
    }
    Ok(())
}
