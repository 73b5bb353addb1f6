//! The JSON of the tenant ACL, read member by member so that an error can name its place.

mod write;

use std::collections::HashSet;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de};

use crate::{
    acl::{
        Acl, AclError, AclFault, AclScope, Action, Asn, Conditions, CountryCode, Ja3, Ja4, Rule,
        SubdivisionCode,
        conditions::{Condition, Networks, Values},
        networks::{parse_network, without_host_bits},
        tree::Tree,
    },
    types::WebUri,
    uri::is_host_name,
};

type Members = Vec<(String, Tree)>;

impl Acl {
    /// Reads rules from JSON: a list of rules as the tenant ACL has them.
    ///
    /// # Errors
    /// [`AclError`] names the rule, the field and the position of whatever could be misread: an
    /// unknown field, an empty list, a network with bits set after its prefix, two actions.
    ///
    /// ```
    /// use oauth_dcr::acl::Acl;
    ///
    /// let json = r#"[{
    ///     "description": "block one network", "active": true, "priority": 1,
    ///     "rule": {
    ///         "action": { "block": true },
    ///         "match": { "ipv4_cidrs": ["198.51.100.7/24"] },
    ///         "scope": "dcr"
    ///     }
    /// }]"#;
    /// let error = Acl::from_json(json).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "acl[0].rule.match.ipv4_cidrs[0] has bits set after its prefix: write \"198.51.100.0/24\" for the \
    ///      network, or \"198.51.100.7\" for this address alone",
    /// );
    /// ```
    pub fn from_json(json: &str) -> Result<Self, AclError> {
        let tree = serde_json::from_str(json).map_err(|error: serde_json::Error| {
            let (line, column) = (error.line(), error.column());
            AclError::new("", AclFault::NotJson { line, column })
        })?;
        Self::from_tree(tree)
    }

    fn from_tree(tree: Tree) -> Result<Self, AclError> {
        let Tree::List(rules) = tree else {
            return Err(AclError::new("", AclFault::WrongType));
        };
        if rules.len() > AclFault::MAX_RULES {
            return Err(AclError::new("", AclFault::TooManyRules));
        }
        let read = |(at, tree)| rule(tree).map_err(|error| error.of_rule(at));
        let rules = rules
            .into_iter()
            .enumerate()
            .map(read)
            .collect::<Result<Vec<_>, _>>()?;
        Self::new(rules)
    }
}

impl<'de> Deserialize<'de> for Acl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_tree(Tree::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

fn rule(tree: Tree) -> Result<Rule, AclError> {
    let mut read = Rule::log(AclScope::Dcr);
    read.monitoring = false;
    let (mut priority, mut body) = (None, None);
    for (name, value) in object(tree)? {
        match name.as_str() {
            "description" => read.description = text(value, &name)?.into_boxed_str(),
            "active" => read.active = flag(&value, &name)?,
            "priority" => priority = Some(number(&value, &name)?),
            "rule" => body = Some(value),
            "id" => read.id = Some(text(value, &name)?.into_boxed_str()),
            // The management interface gives these along with a rule.
            "created_at" | "updated_at" => {}
            _ => return Err(AclError::new(shown(&name), AclFault::UnknownField)),
        }
    }
    let required = |name: &str| AclError::new(name, AclFault::Required);
    read.priority = priority.ok_or_else(|| required("priority"))?;
    let body = body.ok_or_else(|| required("rule"))?;
    rule_body(body, read).map_err(|error| error.inside("rule"))
}

fn rule_body(tree: Tree, mut read: Rule) -> Result<Rule, AclError> {
    let (mut has_action, mut scope) = (false, None);
    for (name, value) in object(tree)? {
        match name.as_str() {
            "action" => {
                has_action = true;
                (read.action, read.monitoring) =
                    action(value).map_err(|error| error.inside("action"))?;
            }
            "match" => read.matching = Some(conditions(value).map_err(|it| it.inside("match"))?),
            "not_match" => {
                read.not_matching = Some(conditions(value).map_err(|it| it.inside("not_match"))?);
            }
            "scope" => scope = Some(scope_of(&value)?),
            _ => return Err(AclError::new(shown(&name), AclFault::UnknownField)),
        }
    }
    let required = |name: &str| AclError::new(name, AclFault::Required);
    read.scope = scope.ok_or_else(|| required("scope"))?;
    if has_action {
        Ok(read)
    } else {
        Err(required("action"))
    }
}

/// One of `allow`, `block` and `redirect`, or none beside `log`.
fn action(tree: Tree) -> Result<(Option<Action>, bool), AclError> {
    let (mut chosen, mut redirect, mut target, mut log) = (Vec::new(), false, None, false);
    for (name, value) in object(tree)? {
        match name.as_str() {
            "allow" if flag(&value, &name)? => chosen.push(Action::Allow),
            "block" if flag(&value, &name)? => chosen.push(Action::Block),
            "redirect" => redirect = flag(&value, &name)?,
            "log" => log = flag(&value, &name)?,
            "allow" | "block" => {}
            "redirect_uri" => {
                let uri = WebUri::parse(text(value, &name)?);
                target = Some(uri.map_err(|_| AclError::new(name, AclFault::Malformed))?);
            }
            _ => return Err(AclError::new(shown(&name), AclFault::UnknownField)),
        }
    }
    match (redirect, target) {
        (true, Some(uri)) => chosen.push(Action::Redirect(uri)),
        (false, None) => {}
        _ => return Err(AclError::new("redirect_uri", AclFault::RedirectIncomplete)),
    }
    let action = chosen.pop();
    if !chosen.is_empty() || (action.is_none() && !log) {
        return Err(AclError::new("", AclFault::NotOneAction));
    }
    Ok((action, log))
}

fn scope_of(tree: &Tree) -> Result<AclScope, AclError> {
    let Tree::Text(name) = tree else {
        return Err(AclError::new("scope", AclFault::WrongType));
    };
    let all = [
        AclScope::Dcr,
        AclScope::Authentication,
        AclScope::Tenant,
        AclScope::Management,
    ];
    let known = all.into_iter().find(|scope| scope.as_str() == name);
    let known = known.or((name == "dynamic_client_registration").then_some(AclScope::Dcr));
    known.ok_or_else(|| AclError::new("scope", AclFault::UnknownScope))
}

fn conditions(tree: Tree) -> Result<Conditions, AclError> {
    let (mut source, mut connecting) = (None, None);
    let mut read = Conditions::new();
    for (name, value) in object(tree)? {
        let name = name.as_str();
        let condition = match name {
            "ipv4_cidrs" => {
                extend(&mut source, list(value, name, |it| network(it, is_v4))?);
                continue;
            }
            "ipv6_cidrs" => {
                extend(&mut source, list(value, name, |it| network(it, is_v6))?);
                continue;
            }
            "connecting_ipv4_cidrs" => {
                extend(&mut connecting, list(value, name, |it| network(it, is_v4))?);
                continue;
            }
            "connecting_ipv6_cidrs" => {
                extend(&mut connecting, list(value, name, |it| network(it, is_v6))?);
                continue;
            }
            "geo_country_codes" => Condition::Country(Values::new(list(value, name, |it| {
                parsed(it, CountryCode::parse)
            })?)),
            "geo_subdivision_codes" => {
                Condition::Subdivision(Values::new(list(value, name, |it| {
                    parsed(it, SubdivisionCode::parse)
                })?))
            }
            "asns" => Condition::Asn(Values::new(list(value, name, asn)?)),
            "ja3_fingerprints" => {
                Condition::Ja3(Values::new(list(value, name, |it| parsed(it, Ja3::parse))?))
            }
            "ja4_fingerprints" => {
                Condition::Ja4(Values::new(list(value, name, |it| parsed(it, Ja4::parse))?))
            }
            "user_agents" => Condition::UserAgent(Values::new(list(value, name, user_agent)?)),
            "hostnames" => Condition::Hostname(Values::new(list(value, name, hostname)?)),
            _ => return Err(AclError::new(shown(name), AclFault::UnknownField)),
        };
        read = read.with(condition);
    }
    // The lists of the two families are one signal.
    if let Some(networks) = source {
        read = read.with(Condition::Source(Networks::new(networks)));
    }
    if let Some(networks) = connecting {
        read = read.with(Condition::Connecting(Networks::new(networks)));
    }
    Ok(read)
}

fn extend(networks: &mut Option<Vec<IpNet>>, more: Vec<IpNet>) {
    networks.get_or_insert_default().extend(more);
}

fn list<T>(
    tree: Tree,
    name: &str,
    read: impl Fn(Tree) -> Result<T, AclFault>,
) -> Result<Vec<T>, AclError> {
    let Tree::List(values) = tree else {
        return Err(AclError::new(name, AclFault::WrongType));
    };
    if values.is_empty() {
        return Err(AclError::new(name, AclFault::EmptyList));
    }
    if values.len() > AclFault::MAX_VALUES {
        return Err(AclError::new(name, AclFault::TooManyValues));
    }
    let read = |(at, value)| read(value).map_err(|fault| AclError::new(name, fault).at(at));
    values.into_iter().enumerate().map(read).collect()
}

fn parsed<T, E>(tree: Tree, parse: fn(&str) -> Result<T, E>) -> Result<T, AclFault> {
    let Tree::Text(text) = tree else {
        return Err(AclFault::WrongType);
    };
    parse(&text).map_err(|_| AclFault::Malformed)
}

/// A network of this family.
fn network(tree: Tree, is_family: fn(&IpNet) -> bool) -> Result<IpNet, AclFault> {
    let Tree::Text(text) = tree else {
        return Err(AclFault::WrongType);
    };
    let network = parse_network(&text)?;
    // A network of the other family is that mistake, whatever its bits.
    if !is_family(&network) {
        return Err(AclFault::WrongFamily);
    }
    without_host_bits(network)
}

fn is_v4(network: &IpNet) -> bool {
    matches!(network, IpNet::V4(_))
}

fn is_v6(network: &IpNet) -> bool {
    matches!(network, IpNet::V6(_))
}

fn asn(tree: Tree) -> Result<Asn, AclFault> {
    match tree {
        Tree::Number(number) => {
            let number = number.and_then(|number| u32::try_from(number).ok());
            number.map(Asn::new).ok_or(AclFault::Malformed)
        }
        other => parsed(other, Asn::parse),
    }
}

fn user_agent(tree: Tree) -> Result<Box<str>, AclFault> {
    match tree {
        Tree::Text(text) if text.is_empty() => Err(AclFault::Malformed),
        Tree::Text(text) => Ok(text.into_boxed_str()),
        _ => Err(AclFault::WrongType),
    }
}

fn hostname(tree: Tree) -> Result<Box<str>, AclFault> {
    match tree {
        Tree::Text(text) if is_host_name(&text) => Ok(text.to_ascii_lowercase().into_boxed_str()),
        Tree::Text(_) => Err(AclFault::Malformed),
        _ => Err(AclFault::WrongType),
    }
}

fn object(tree: Tree) -> Result<Members, AclError> {
    match tree {
        Tree::Object(members) => match repeated(&members) {
            Some(name) => Err(AclError::new(shown(name), AclFault::RepeatedField)),
            None => Ok(members),
        },
        _ => Err(AclError::new("", AclFault::WrongType)),
    }
}

/// A name as an error shows it: an error without a name is about the object itself.
fn shown(name: &str) -> &str {
    if name.is_empty() { "\"\"" } else { name }
}

/// The first name that is there twice. Parsers differ in which of the two they take.
fn repeated(members: &Members) -> Option<&str> {
    let mut known = HashSet::new();
    let mut names = members.iter().map(|(name, _)| name.as_str());
    names.find(|name| !known.insert(*name))
}

fn text(tree: Tree, name: &str) -> Result<String, AclError> {
    match tree {
        Tree::Text(text) => Ok(text),
        _ => Err(AclError::new(name, AclFault::WrongType)),
    }
}

fn flag(tree: &Tree, name: &str) -> Result<bool, AclError> {
    match tree {
        Tree::Bool(value) => Ok(*value),
        _ => Err(AclError::new(name, AclFault::WrongType)),
    }
}

fn number(tree: &Tree, name: &str) -> Result<u32, AclError> {
    let Tree::Number(number) = tree else {
        return Err(AclError::new(name, AclFault::WrongType));
    };
    let number = number.and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| AclError::new(name, AclFault::Malformed))
}
