use std::error::Error;

use crate::acl::EdgeSignal;

/// The fault of a field of the settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsFault {
    /// The text is not JSON, or the field is unknown, of the wrong type or out of range.
    #[error("can't be read")]
    Unreadable(#[source] Box<dyn Error + Send + Sync>),
    /// The document has no tenant.
    #[error("has no tenant: add one, such as {{ \"id\": \"acme\" }}")]
    NoTenant,
    /// An earlier entry of the list is the same, so it is ambiguous which entry applies. Identifiers of APIs
    /// are the same if they differ only in the slash of an empty path. Issuers are the same if they differ only
    /// in slashes at the end, letter case of scheme and host, or the default port. Client grants are the same
    /// if they have the same client, API and subject type.
    #[error("is a duplicate of an earlier entry: remove or change one of the two")]
    Duplicate,
    /// The host is not a name or an address in the form of a request's host, so no request could match it.
    #[error(
        "is not a host: write a name such as \"auth.example.com\", or an address such as \"127.0.0.1\" or, \
         in its shortest form, \"[::1]\"; leave out scheme, port, path and a dot at the end"
    )]
    InvalidHost,
    /// The document has several tenants, and this tenant has no host.
    #[error("is empty: if there are several tenants, each needs a host")]
    NoHost,
    /// A value is not a scope token (RFC 6749 section 3.3), so no client could request it.
    #[error(
        "is not a scope: write one or more ASCII characters, without space, quotation mark and backslash"
    )]
    InvalidScope,
    /// The identifier of an API or the name of a connection is empty, too long, or has white space around
    /// it or control characters in it, so no request would send it.
    #[error(
        "is not a name: write 1 to 2048 bytes, without space around it and without control characters"
    )]
    InvalidName,
    /// No API in `apis` has this identifier.
    #[error("is not an API of this tenant: add it to `apis`, or name an API that is listed there")]
    UnknownAudience,
    /// A default grant is for a system API, which no third-party client can reach.
    #[error("is a system API, which no third-party client can reach: remove the grant")]
    SystemApi,
    /// The limit is so small that every registration would fail.
    #[error("is too small: the smallest allowed value is {least}")]
    TooSmall {
        /// The smallest allowed value.
        least: usize,
    },
    /// The value is larger than allowed.
    #[error("is too large: the greatest allowed value is {greatest}")]
    TooLarge {
        /// The greatest allowed value.
        greatest: usize,
    },
    /// The list is empty, so every registration would fail.
    #[error("is empty: no client could register; add \"none\" or \"client_secret_post\"")]
    Empty,
    /// Every address would be a trusted proxy, so every client could choose its own address.
    #[error("covers every address: list only the networks of the proxies, or set `trusted_hops`")]
    EveryAddress,
    /// A rule uses a signal that nothing provides, so the rule can never be evaluated.
    #[error(
        "can never be evaluated, because nothing provides this signal: name its header in \
         `signal_headers` and the proxies in `trusted_proxies`, give the registrar a source of \
         locations that has it, or list it in `signals_from_host`"
    )]
    NoSignalSource(EdgeSignal),
}
