use std::fmt;

use ipnet::IpNet;

use crate::acl::advice;

/// Rules can't be used as they are: which rule, which field, which of its values, why.
///
/// `Display` also says which form the field should have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclError {
    rule: Option<usize>,
    /// The path of the field: that of its object with a dot at the end, if the object has one, and its name.
    field: String,
    /// Where the name begins, which may have dots itself.
    name_at: usize,
    index: Option<usize>,
    fault: AclFault,
}

/// What is wrong with a rule.
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
    /// The value has another JSON type than the field has.
    #[error("has the wrong JSON type")]
    WrongType,
    /// The field is required.
    #[error("is required")]
    Required,
    /// No field has this name.
    #[error("is not a field")]
    UnknownField,
    /// The rule has no action, or more than one.
    #[error("has to set exactly one of allow, block, redirect and log to true")]
    NotOneAction,
    /// A redirect URI without a redirect, or the other way round.
    #[error("goes with \"redirect\": true: give both, or neither")]
    RedirectIncomplete,
    /// The scope is none of the four.
    #[error("has to be \"dcr\", \"authentication\", \"tenant\" or \"management\"")]
    UnknownScope,
    /// The rule looks at no signal: it would be about every request, or about none.
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
    /// The value is not of the form that the field has.
    #[error("is not of the form that this field has")]
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
    /// The network is of the other family.
    #[error("is a network of the other family")]
    WrongFamily,
}

impl AclFault {
    /// The most rules of a tenant.
    pub const MAX_RULES: usize = 1_000;

    /// The most values in one list.
    pub const MAX_VALUES: usize = 1_000_000;
}

impl AclError {
    pub(super) fn new(field: impl Into<String>, fault: AclFault) -> Self {
        Self {
            rule: None,
            field: field.into(),
            name_at: 0,
            index: None,
            fault,
        }
    }

    /// The same fault at position `index` of its field's list.
    pub(super) fn at(self, index: usize) -> Self {
        Self {
            index: Some(index),
            ..self
        }
    }

    /// The same fault in a field inside `outer`.
    pub(super) fn inside(mut self, outer: &str) -> Self {
        if self.field.is_empty() {
            outer.clone_into(&mut self.field);
        } else {
            let object = format!("{outer}.");
            self.name_at = self.name_at.saturating_add(object.len());
            self.field.insert_str(0, &object);
        }
        self
    }

    /// The same fault in the rule at position `rule` of the list.
    pub(super) fn of_rule(self, rule: usize) -> Self {
        Self {
            rule: Some(rule),
            ..self
        }
    }

    /// The position of the rule in the list, from 0.
    pub const fn rule(&self) -> Option<usize> {
        self.rule
    }

    /// The path of the field in the rule, such as `rule.match.ipv4_cidrs`.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The path of the object that the field is in, and the field's name.
    pub(super) fn object_and_name(&self) -> (&str, &str) {
        let (object, name) = self
            .field
            .split_at_checked(self.name_at)
            .unwrap_or_default();
        (object.strip_suffix('.').unwrap_or(object), name)
    }

    /// The position of the value in the field's list, from 0.
    pub const fn index(&self) -> Option<usize> {
        self.index
    }

    /// What is wrong.
    pub const fn fault(&self) -> AclFault {
        self.fault
    }
}

impl fmt::Display for AclError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("acl")?;
        if let Some(rule) = self.rule {
            write!(f, "[{rule}]")?;
        }
        if !self.field.is_empty() {
            write!(f, ".{}", self.field)?;
        }
        if let Some(index) = self.index {
            write!(f, "[{index}]")?;
        }
        write!(f, " {}", self.fault)?;
        advice::write(f, self)
    }
}

impl std::error::Error for AclError {}
