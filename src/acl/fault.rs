use ipnet::IpNet;

/// A fault of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AclFault {
    /// The text is not JSON.
    #[error("is not JSON: there is a syntax error at line {line}, column {column}")]
    NotJson {
        /// The line, from 1.
        line: usize,
        /// The column, from 1. At the end of the text it may be 0.
        column: usize,
    },
    /// Another member of the object has the same name.
    #[error("is a duplicate member: remove one of the two")]
    RepeatedField,
    /// The value has the wrong JSON type.
    #[error("has the wrong JSON type")]
    WrongType,
    /// The field is required.
    #[error("is required")]
    Required,
    /// No field has this name.
    #[error("is not a field")]
    UnknownField,
    /// The rule has no action, or more than one.
    #[error("must set exactly one of allow, block, redirect and log to true")]
    NotOneAction,
    /// A redirect URI without a redirect, or a redirect without a redirect URI.
    #[error("must be set if \"redirect\" is true, and only then")]
    RedirectIncomplete,
    /// The scope is not one of the four scopes.
    #[error("must be \"dcr\", \"authentication\", \"tenant\" or \"management\"")]
    UnknownScope,
    /// The rule has no condition: it would match every request, or none.
    #[error("has no condition: list values of at least one signal in match or not_match")]
    NoCondition,
    /// The list is empty.
    #[error("is an empty list: list a value, or remove it")]
    EmptyList,
    /// The list has more values than allowed.
    #[error("has more than {} values", Self::MAX_VALUES)]
    TooManyValues,
    /// There are more rules than allowed.
    #[error("there are more than {} rules", Self::MAX_RULES)]
    TooManyRules,
    /// The value does not have the form that the field requires.
    #[error("has the wrong form")]
    Malformed,
    /// The network has bits set after its prefix: it is unclear which addresses are meant.
    #[error(
        "has bits set after its prefix: write \"{}\" for the network, or \"{}\" for this address alone",
        .network.trunc(),
        .network.addr()
    )]
    HostBits {
        /// The network as it was written.
        network: IpNet,
    },
    /// The network is of the other address family.
    #[error("is a network of the other address family")]
    WrongFamily,
}

impl AclFault {
    /// The largest number of rules in a list.
    pub const MAX_RULES: usize = 1_000;

    /// The largest number of values in a list.
    pub const MAX_VALUES: usize = 1_000_000;
}
