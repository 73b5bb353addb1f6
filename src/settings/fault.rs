use std::error::Error;

use crate::acl::EdgeSignal;

/// What is wrong with a field of the settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsFault {
    /// The text is not JSON, or the field is unknown, of the wrong type or out of range.
    #[error("can't be read")]
    Unreadable(#[source] Box<dyn Error + Send + Sync>),
    /// The document has no tenant.
    #[error("has no tenant: add one, such as {{ \"id\": \"acme\" }}")]
    NoTenant,
    /// An earlier entry says the same, so that either could be meant. For an API the slash of an empty
    /// path makes no difference; for an issuer, neither do slashes at the end, letter case of scheme and host,
    /// and the default port. A client grant is the same for one client, API and subject type.
    #[error("is a duplicate of an earlier entry: remove or change one of the two")]
    Duplicate,
    /// The host is not a name or an address alone, as requests have it, so that no request could match it.
    #[error(
        "is not a host: write a name such as \"auth.example.com\", or an address such as \"127.0.0.1\" or, \
         in its shortest form, \"[::1]\"; leave out scheme, port, path and a dot at the end"
    )]
    InvalidHost,
    /// The document has several tenants, and no host leads to this one.
    #[error("is empty: each of several tenants needs a host")]
    NoHost,
    /// A value is no scope token (RFC 6749 section 3.3), so that no client could ask for it.
    #[error(
        "is not a scope: write one or more ASCII characters, without space, quotation mark and backslash"
    )]
    InvalidScope,
    /// The identifier of an API or the name of a connection is empty, too long, or has white space around
    /// it or control characters in it, so that no request would give it.
    #[error(
        "is not a name: write 1 to 2048 bytes, without space around it and without control characters"
    )]
    InvalidName,
    /// The value is the identifier of no API in `apis`.
    #[error("is no API of this tenant: add it to `apis`, or name one that is there")]
    UnknownAudience,
    /// A default grant is for a system API, which no third-party client can reach.
    #[error("is a system API, which no third-party client can reach: remove the grant")]
    SystemApi,
    /// The limit is so small that every registration would fail.
    #[error("is too small: the least value is {least}")]
    TooSmall {
        /// The least value.
        least: usize,
    },
    /// The value is larger than the greatest that the profile allows.
    #[error("is too large: the greatest value is {greatest}")]
    TooLarge {
        /// The greatest value.
        greatest: usize,
    },
    /// The list is empty, so that every registration would fail.
    #[error("is empty: no client could register; add \"none\" or \"client_secret_post\"")]
    Empty,
    /// All addresses would be trusted proxies, so that every client could write its own address.
    #[error("covers every address: name the networks of the proxies alone, or set `trusted_hops`")]
    EveryAddress,
    /// A rule looks at a signal that nothing tells, so that the rule can never be evaluated.
    #[error(
        "can never be evaluated, because nothing tells this signal: name its header in \
         `signal_headers` and the proxies in `trusted_proxies`, give the registrar a source of \
         locations that has it, or list it in `signals_from_host`"
    )]
    NoSignalSource(EdgeSignal),
}
