use std::fmt;

use crate::acl::{
    Acl, AclScope, Endpoint, Reading, Rule, Signal, Signals, UnknownSignal,
    condition::{Condition, Side},
    truth::Truth,
};

/// Explains the decision about a request, rule by rule. `Display` prints it for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The position in the list of the rule that ends the evaluation, or `None` if no rule does.
    pub decided_by: Option<usize>,
    /// Every rule, in the order of evaluation. Inactive rules come last.
    pub rules: Vec<RuleExplanation>,
    /// Each signal of the request, as text. `Display` does not print the signals, because the user agent
    /// and the host name are text from the client.
    pub signals: Vec<(Signal, Reading<String>)>,
}

/// Explains how one rule applies to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleExplanation {
    /// The position of the rule in the list, from 0.
    pub position: usize,
    /// The description of the rule.
    pub description: String,
    /// The priority of the rule. Rules with a lower number are evaluated first.
    pub priority: u32,
    /// The endpoints that the rule covers.
    pub scope: AclScope,
    /// What the rule does with requests that it matches.
    pub action: String,
    /// Whether the rule only monitors: its action is reported, not enforced.
    pub is_monitoring: bool,
    /// The result of the rule, or why it was not evaluated.
    pub standing: Standing,
    /// Each condition of the rule, and whether it holds.
    pub conditions: Vec<ConditionExplanation>,
}

/// The result of a rule, or why it was not evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// The rule is not active.
    Inactive,
    /// The scope of the rule does not cover the endpoint.
    OutOfScope,
    /// An earlier rule decides.
    NotReached,
    /// The rule does not match the request.
    NoMatch,
    /// The rule matches the request, and only monitors.
    Monitors,
    /// The rule matches the request, and decides.
    Decides,
    /// The rule only monitors, and can't be evaluated: it needs this signal, which is unknown.
    MonitorsUnanswered(UnknownSignal),
    /// The rule can't be evaluated and refuses the request: it needs this signal, which is unknown.
    Unanswered(UnknownSignal),
}

/// Explains one condition of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConditionExplanation {
    /// `match` or `not_match`.
    pub side: &'static str,
    /// The signal.
    pub signal: Signal,
    /// Whether the signal is known, absent, or unknown for a reason.
    pub reading: Reading<()>,
    /// Whether the condition holds, or `None` if the signal is unknown.
    pub holds: Option<bool>,
}

impl Acl {
    /// Explains how a request would be evaluated: for each rule, which conditions hold. Nothing is counted.
    ///
    /// ```
    /// use oauth_dcr::acl::{Acl, AclScope, Conditions, Endpoint, Rule, Signals};
    ///
    /// let acl = Acl::new([Rule::block(AclScope::Dcr)
    ///     .described("one network")
    ///     .matching(Conditions::new().networks(["198.51.100.0/24".parse()?]))])?;
    /// let signals = Signals::from_peer("198.51.100.7".parse()?);
    /// let why = acl.explain(Endpoint::Registration, &signals).to_string();
    /// assert!(why.starts_with("block, by rule 0 (one network)"), "{why}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn explain(&self, endpoint: Endpoint, signals: &Signals<'_>) -> Explanation {
        Explanation::of(self, endpoint, signals)
    }
}

impl Explanation {
    fn of(acl: &Acl, endpoint: Endpoint, signals: &Signals<'_>) -> Self {
        let mut explanation = Self {
            decided_by: None,
            rules: Vec::new(),
            signals: signals.readings().into(),
        };
        for rule in acl.in_order() {
            let position = position(acl, rule);
            let standing = explanation.standing_of(rule, endpoint, signals);
            if standing.ends_evaluation() {
                explanation.decided_by = Some(position);
            }
            explanation
                .rules
                .push(RuleExplanation::of(rule, position, standing, signals));
        }
        for (position, rule) in acl
            .rules()
            .iter()
            .enumerate()
            .filter(|(_, rule)| !rule.active)
        {
            let standing = Standing::Inactive;
            explanation
                .rules
                .push(RuleExplanation::of(rule, position, standing, signals));
        }
        explanation
    }

    fn standing_of(&self, rule: &Rule, endpoint: Endpoint, signals: &Signals<'_>) -> Standing {
        if self.decided_by.is_some() {
            Standing::NotReached
        } else if !rule.scope.covers(endpoint) {
            Standing::OutOfScope
        } else {
            let monitors = rule.enforced_action().is_none();
            match rule.applies_to(signals) {
                Truth::No => Standing::NoMatch,
                Truth::Yes if monitors => Standing::Monitors,
                Truth::Yes => Standing::Decides,
                Truth::Unknown(unknown) if monitors => Standing::MonitorsUnanswered(unknown),
                Truth::Unknown(unknown) => Standing::Unanswered(unknown),
            }
        }
    }
}

impl Standing {
    const fn ends_evaluation(self) -> bool {
        matches!(self, Self::Decides | Self::Unanswered(_))
    }
}

/// The position of `rule` in `acl`.
fn position(acl: &Acl, rule: &Rule) -> usize {
    let is_same = |other: &Rule| std::ptr::eq(other, rule);
    acl.rules().iter().position(is_same).unwrap_or_default()
}

impl RuleExplanation {
    fn of(rule: &Rule, position: usize, standing: Standing, signals: &Signals<'_>) -> Self {
        let action = rule
            .action
            .as_ref()
            .map_or_else(|| "log".to_owned(), ToString::to_string);
        let conditions = rule.sides();
        let conditions =
            conditions.map(|(side, condition)| ConditionExplanation::of(side, condition, signals));
        Self {
            position,
            description: rule.description().to_owned(),
            priority: rule.priority,
            scope: rule.scope,
            action,
            is_monitoring: rule.enforced_action().is_none(),
            standing,
            conditions: conditions.collect(),
        }
    }
}

impl ConditionExplanation {
    fn of(side: Side, condition: &Condition, signals: &Signals<'_>) -> Self {
        let signal = condition.signal();
        Self {
            side: side.as_str(),
            signal,
            reading: signals.reading(signal),
            holds: match condition.holds(side, signals) {
                Truth::Yes => Some(true),
                Truth::No => Some(false),
                Truth::Unknown(_) => None,
            },
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self
            .rules
            .iter()
            .find(|rule| rule.standing.ends_evaluation());
        match last.map(|rule| (rule, rule.standing)) {
            None => writeln!(f, "allow: no rule decides")?,
            Some((rule, Standing::Unanswered(unknown))) => {
                let signal = unknown.signal.as_str();
                writeln!(
                    f,
                    "refuse: rule {} needs the {signal}, which is unknown",
                    rule.name()
                )?;
            }
            Some((rule, _)) => writeln!(f, "{}, by rule {}", rule.action, rule.name())?,
        }
        self.rules.iter().try_for_each(|rule| write!(f, "{rule}"))
    }
}

impl RuleExplanation {
    fn name(&self) -> String {
        match self.description.as_str() {
            "" => self.position.to_string(),
            description => format!("{} ({description})", self.position),
        }
    }
}

impl fmt::Display for RuleExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let standing = match self.standing {
            Standing::Inactive => "not active",
            Standing::OutOfScope => "another scope",
            Standing::NotReached => "not reached",
            Standing::NoMatch => "no match",
            Standing::Monitors => "matches, monitoring only",
            Standing::Decides => "decides",
            Standing::MonitorsUnanswered(_) => "can't be evaluated, monitoring only",
            Standing::Unanswered(_) => "can't be evaluated, refuses",
        };
        let (name, action) = (self.name(), &self.action);
        let (priority, scope) = (self.priority, self.scope.as_str());
        writeln!(
            f,
            "  rule {name} [{action}; priority {priority}; scope {scope}]: {standing}"
        )?;
        self.conditions
            .iter()
            .try_for_each(|condition| write!(f, "{condition}"))
    }
}

impl fmt::Display for ConditionExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let holds = match self.holds {
            Some(true) => "holds",
            Some(false) => "does not hold",
            None => "unknown",
        };
        write!(f, "    {} {}: {holds}", self.side, self.signal.as_str())?;
        match self.reading {
            Reading::Known(()) => writeln!(f),
            Reading::Absent => writeln!(f, ", the request does not have it"),
            Reading::Unknown(reason) => writeln!(f, ", because {reason}"),
        }
    }
}
