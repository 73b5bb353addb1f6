use std::fmt;

use crate::acl::AclFault;

/// A fault in a list of rules, with the rule, the field and the value at fault.
///
/// `Display` also says how to write the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclError {
    rule: Option<usize>,
    /// The path of the field in the rule: the path of its object, a dot, and the name of the field.
    field: String,
    /// The index at which the name of the field begins. The name itself may have dots.
    name_at: usize,
    index: Option<usize>,
    fault: AclFault,
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

    /// The same fault at position `index` of the field's list.
    pub(super) fn at(self, index: usize) -> Self {
        Self {
            index: Some(index),
            ..self
        }
    }

    /// The same fault in a field of the object `outer`.
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

    /// The path of the object that has the field, and the name of the field.
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

    /// The fault.
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
        write_advice(f, self)
    }
}

impl std::error::Error for AclError {}

/// Writes how to correct the field of `error`, if the fault itself does not say it.
fn write_advice(f: &mut fmt::Formatter<'_>, error: &AclError) -> fmt::Result {
    let (object, field) = error.object_and_name();
    match error.fault() {
        AclFault::Malformed | AclFault::WrongType => {
            let form = if field.is_empty() && error.rule().is_none() {
                "a list of rules"
            } else {
                form(field)
            };
            let is_list = SIGNALS.contains(&field) && error.index().is_none();
            let each = if is_list { "a list, each entry " } else { "" };
            write!(f, ": write {each}{form}")
        }
        AclFault::UnknownField => write!(f, ": the fields are {}", fields(object).join(", ")),
        AclFault::WrongFamily if field.contains("ipv4") => {
            write!(f, ": move it to {}", field.replace("ipv4", "ipv6"))
        }
        AclFault::WrongFamily => write!(f, ": move it to {}", field.replace("ipv6", "ipv4")),
        _ => Ok(()),
    }
}

/// The form of a value of `field`. A field without a name is an object.
fn form(field: &str) -> &'static str {
    match field {
        "description" | "id" => "a string",
        "active" | "allow" | "block" | "redirect" | "log" => "true or false",
        "priority" => "a whole number from 0 to 4294967295",
        "redirect_uri" => "an absolute https URL, such as \"https://example.com/blocked\"",
        "scope" => "\"dcr\", \"authentication\", \"tenant\" or \"management\"",
        "ipv4_cidrs" | "connecting_ipv4_cidrs" => {
            "a network such as \"198.51.100.0/24\", or an address such as \"198.51.100.7\""
        }
        "ipv6_cidrs" | "connecting_ipv6_cidrs" => {
            "a network such as \"2001:db8::/32\", or an address such as \"2001:db8::1\""
        }
        "geo_country_codes" => "a country code of ISO 3166-1 with two letters, such as \"US\"",
        "geo_subdivision_codes" => {
            "a subdivision code of ISO 3166-2, such as \"US-CA\": a country, a hyphen, and 1 to 3 letters \
             or digits"
        }
        "asns" => "a number from 0 to 4294967295, such as 64500 or \"AS64500\"",
        "ja3_fingerprints" => "32 hexadecimal digits, such as \"e7d705a3286e19ea42f587b344ee6865\"",
        "ja4_fingerprints" => "a JA4 fingerprint, such as \"t13d1516h2_8daaf6152771_e5627efa2ab1\"",
        "user_agents" => "the whole text of a User-Agent header, such as \"curl/8.5.0\"",
        "hostnames" => "a host name without scheme, port and path, such as \"auth.example.com\"",
        _ => "an object",
    }
}

/// The fields of `match` and `not_match`, which are all lists.
const SIGNALS: [&str; 11] = [
    "ipv4_cidrs",
    "ipv6_cidrs",
    "connecting_ipv4_cidrs",
    "connecting_ipv6_cidrs",
    "geo_country_codes",
    "geo_subdivision_codes",
    "asns",
    "ja3_fingerprints",
    "ja4_fingerprints",
    "user_agents",
    "hostnames",
];

/// The fields of the object at this path in a rule.
fn fields(object: &str) -> &'static [&'static str] {
    match object {
        "" => &["description", "active", "priority", "rule", "id"],
        "rule" => &["action", "match", "not_match", "scope"],
        "rule.action" => &["allow", "block", "redirect", "redirect_uri", "log"],
        _ => &SIGNALS,
    }
}
