use crate::{
    acl::{
        AclError, AclFault, AclScope, Action, Conditions, Signals,
        condition::{Condition, Side},
        truth::Truth,
    },
    types::WebUri,
};

/// One rule of an access control list: whom it is about, and what becomes of them.
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
    /// A rule that lets requests go on, whatever later rules say.
    pub fn allow(scope: AclScope) -> Self {
        Self::new(scope, Some(Action::Allow))
    }

    /// A rule that refuses requests.
    pub fn block(scope: AclScope) -> Self {
        Self::new(scope, Some(Action::Block))
    }

    /// A rule that sends requests to `uri`.
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

    /// Says what the rule is for.
    #[must_use]
    pub fn described(self, description: impl Into<String>) -> Self {
        Self {
            description: description.into().into_boxed_str(),
            ..self
        }
    }

    /// Sets its place: rules are asked from 0 upwards, and in the order of the list where two have
    /// the same place.
    #[must_use]
    pub fn priority(self, priority: u32) -> Self {
        Self { priority, ..self }
    }

    /// Decides about requests that meet all of `conditions`.
    #[must_use]
    pub fn matching(self, conditions: Conditions) -> Self {
        Self {
            matching: Some(conditions),
            ..self
        }
    }

    /// Decides about requests that meet none of `conditions`; beside [`Rule::matching`] both have
    /// to hold.
    #[must_use]
    pub fn not_matching(self, conditions: Conditions) -> Self {
        Self {
            not_matching: Some(conditions),
            ..self
        }
    }

    /// Counts and reports what the rule would do, and does not do it.
    #[must_use]
    pub fn monitoring(self) -> Self {
        Self {
            monitoring: true,
            ..self
        }
    }

    /// Keeps the rule and does not ask it.
    #[must_use]
    pub fn inactive(self) -> Self {
        Self {
            active: false,
            ..self
        }
    }

    /// Its id, where it came with one.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// What it is for.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// What becomes of requests that it is about; `None` if they are only counted.
    pub const fn action(&self) -> Option<&Action> {
        self.action.as_ref()
    }

    /// The action, unless it is only counted and reported.
    pub(super) fn carried_out(&self) -> Option<&Action> {
        self.action.as_ref().filter(|_| !self.monitoring)
    }

    /// Whether the action is only counted and reported, not carried out.
    pub const fn is_monitoring(&self) -> bool {
        self.monitoring
    }

    /// Whether the rule is about a request with these signals.
    pub(super) fn is_about(&self, signals: &Signals<'_>) -> Truth {
        Truth::all(
            self.sides()
                .map(|(side, condition)| condition.holds(side, signals)),
        )
    }

    /// Everything that the rule looks at, and on which side.
    pub(super) fn sides(&self) -> impl Iterator<Item = (Side, &Condition)> {
        let matching = self.matching.iter().flat_map(Conditions::iter);
        let not_matching = self.not_matching.iter().flat_map(Conditions::iter);
        let matching = matching.map(|condition| (Side::Match, condition));
        matching.chain(not_matching.map(|condition| (Side::NotMatch, condition)))
    }

    /// Checks that the rule looks at a signal, and that nothing is wrong with what it lists.
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
