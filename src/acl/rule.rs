use crate::{
    acl::{
        AclError, AclFault, AclScope, Action, Conditions, Signals,
        condition::{Condition, Side},
        truth::Truth,
    },
    types::WebUri,
};

/// One rule of an access control list: the requests that it matches, and what it does with them.
///
/// ```
/// use oauth_dcr::acl::{Acl, AclScope, Conditions, Rule};
///
/// let rule = Rule::block(AclScope::Dcr)
///     .described("block one network")
///     .priority(1)
///     .matching(Conditions::new().networks(["198.51.100.0/24".parse()?]));
/// let acl = Acl::new([rule])?;
/// # let _ = acl;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub(super) id: Option<Box<str>>,
    pub(super) description: Box<str>,
    pub(super) active: bool,
    pub(super) priority: u32,
    pub(super) action: Option<Action>,
    pub(super) monitoring: bool,
    pub(super) matching: Option<Conditions>,
    pub(super) not_matching: Option<Conditions>,
    pub(super) scope: AclScope,
}

impl Rule {
    /// A rule that allows requests. Later rules are not evaluated.
    pub fn allow(scope: AclScope) -> Self {
        Self::new(scope, Some(Action::Allow))
    }

    /// A rule that refuses requests.
    pub fn block(scope: AclScope) -> Self {
        Self::new(scope, Some(Action::Block))
    }

    /// A rule that redirects requests to `uri`.
    pub fn redirect(scope: AclScope, uri: WebUri) -> Self {
        Self::new(scope, Some(Action::Redirect(uri)))
    }

    /// A rule that only counts and reports.
    pub fn log(scope: AclScope) -> Self {
        Self::new(scope, None).monitoring()
    }

    fn new(scope: AclScope, action: Option<Action>) -> Self {
        Self {
            id: None,
            description: Box::default(),
            active: true,
            priority: 0,
            action,
            monitoring: false,
            matching: None,
            not_matching: None,
            scope,
        }
    }

    /// Sets the description: what the rule is for.
    #[must_use]
    pub fn described(self, description: impl Into<String>) -> Self {
        Self {
            description: description.into().into_boxed_str(),
            ..self
        }
    }

    /// Sets the priority. Rules are evaluated by ascending priority, from 0. Rules with equal priority are
    /// evaluated in the order of the list.
    #[must_use]
    pub fn priority(self, priority: u32) -> Self {
        Self { priority, ..self }
    }

    /// Matches requests that meet all of `conditions`.
    #[must_use]
    pub fn matching(self, conditions: Conditions) -> Self {
        Self {
            matching: Some(conditions),
            ..self
        }
    }

    /// Matches requests that meet none of `conditions`. If [`Rule::matching`] is set too, both must hold.
    #[must_use]
    pub fn not_matching(self, conditions: Conditions) -> Self {
        Self {
            not_matching: Some(conditions),
            ..self
        }
    }

    /// Makes the rule monitor only: it counts and reports its action, but does not enforce it.
    #[must_use]
    pub fn monitoring(self) -> Self {
        Self {
            monitoring: true,
            ..self
        }
    }

    /// Makes the rule inactive: it stays in the list, but is not evaluated.
    #[must_use]
    pub fn inactive(self) -> Self {
        Self {
            active: false,
            ..self
        }
    }

    /// The id of the rule, if it has one.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The description: what the rule is for.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// What the rule does with requests that it matches, or `None` if they are only counted.
    pub const fn action(&self) -> Option<&Action> {
        self.action.as_ref()
    }

    /// The action, unless the rule only monitors.
    pub(super) fn enforced_action(&self) -> Option<&Action> {
        self.action.as_ref().filter(|_| !self.monitoring)
    }

    /// Whether the rule only monitors: the action is counted and reported, but not enforced.
    pub const fn is_monitoring(&self) -> bool {
        self.monitoring
    }

    /// Whether the rule matches a request with these signals.
    pub(super) fn applies_to(&self, signals: &Signals<'_>) -> Truth {
        Truth::all(
            self.sides()
                .map(|(side, condition)| condition.holds(side, signals)),
        )
    }

    /// The conditions of the rule, each with its side.
    pub(super) fn sides(&self) -> impl Iterator<Item = (Side, &Condition)> {
        let matching = self.matching.iter().flat_map(Conditions::iter);
        let not_matching = self.not_matching.iter().flat_map(Conditions::iter);
        let matching = matching.map(|condition| (Side::Match, condition));
        matching.chain(not_matching.map(|condition| (Side::NotMatch, condition)))
    }

    /// Checks that the rule has a condition, and that all its lists are valid.
    pub(super) fn check(&self) -> Result<(), AclError> {
        let sides = [
            ("rule.match", &self.matching),
            ("rule.not_match", &self.not_matching),
        ];
        if sides.iter().all(|(_, conditions)| conditions.is_none()) {
            return Err(AclError::new("rule", AclFault::NoCondition));
        }
        sides.into_iter().try_for_each(|(side, conditions)| {
            let checked = conditions.as_ref().map_or(Ok(()), Conditions::check);
            checked.map_err(|error| error.inside(side))
        })
    }
}
