use serde::{Deserialize, Deserializer, de};

use crate::acl::{
    Acl, AclError, AclFault, AclScope, Rule,
    json::{
        action::action,
        conditions::conditions,
        tree::{Tree, flag, number, object, shown, text},
    },
};

impl Acl {
    /// Reads the JSON of a tenant ACL, which is a list of rules.
    ///
    /// # Errors
    /// [`AclError`] names the rule, the field and the position of the fault, such as an unknown field, an
    /// empty list, a network with bits set after its prefix, or two actions.
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
        Self::from_results(rules.into_iter().map(rule))
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
            // The management interface returns these members with a rule.
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
            "match" => {
                read.matching = Some(conditions(value).map_err(|error| error.inside("match"))?);
            }
            "not_match" => {
                read.not_matching =
                    Some(conditions(value).map_err(|error| error.inside("not_match"))?);
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
