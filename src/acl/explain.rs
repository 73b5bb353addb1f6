use std::fmt;

use crate::acl::{
    Acl, AclScope, Endpoint, Reading, Rule, Signal, Signals, UnknownSignal,
    condition::{Condition, Side},
    truth::Truth,
};

/// Why a request is judged as it is, rule by rule. `Display` prints it for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The position in the list of the rule that ends the evaluation; `None` if none does.
    pub decided_by: Option<usize>,
    /// Every rule, in the order in which they are asked; those that are not asked come last.
    pub rules: Vec<RuleExplanation>,
    /// What the request says of each signal, as text. It is not in `Display`: the user agent and the host
    /// name are the client's own text.
    pub signals: Vec<(Signal, Reading<String>)>,
}

/// How one rule stands to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleExplanation {
    /// Its position in the list, from 0.
    pub position: usize,
    /// What it is for.
    pub description: String,
    /// Rules of lower priority are asked first.
    pub priority: u32,
    /// Which endpoints it covers.
    pub scope: AclScope,
    /// What it does with requests that it is about.
    pub action: String,
    /// Whether it only watches: the action is reported, and not carried out.
    pub is_monitoring: bool,
    /// How it was asked, or why not.
    pub standing: Standing,
    /// Each signal that it looks at, and whether what it asks of it holds.
    pub conditions: Vec<ConditionExplanation>,
}

/// Whether a rule was asked, and what it said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// It is not active.
    Inactive,
    /// Its scope does not cover the endpoint.
    OutOfScope,
    /// A rule before it decides.
    NotReached,
    /// It is about other requests.
    NoMatch,
    /// It is about this request, and only watches.
    Monitors,
    /// It is about this request, and decides.
    Decides,
    /// It only watches, and can't be evaluated: it needs this signal, which is unknown.
    MonitorsUnanswered(UnknownSignal),
    /// It can't be evaluated and refuses the request: it needs this signal, which is unknown.
    Unanswered(UnknownSignal),
}

/// Whether what a rule asks of one signal holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConditionExplanation {
    /// `match` or `not_match`.
    pub side: &'static str,
    /// The signal.
    pub signal: Signal,
    /// Whether the request has the signal: absent, known, or unknown and why.
    pub reading: Reading<()>,
    /// Whether what is asked of it holds; `None` if that can't be said, because it is unknown.
    pub holds: Option<bool>,
}

impl Acl {
    /// Why a request would be judged as it is: each rule, what matched, what did not. Nothing is
    /// counted.
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
            let monitors = rule.carried_out().is_none();
            match rule.is_about(signals) {
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

/// Where `rule`, one of `acl`'s own, stands in the list.
fn position(acl: &Acl, rule: &Rule) -> usize {
    let is_it = |other: &Rule| std::ptr::eq(other, rule);
    acl.rules().iter().position(is_it).unwrap_or_default()
}

impl RuleExplanation {
    fn of(rule: &Rule, position: usize, standing: Standing, signals: &Signals<'_>) -> Self {
        let action = rule
            .action
            .as_ref()
            .map_or_else(|| "log".to_owned(), ToString::to_string);
        let conditions = rule.sides();
        let conditions = conditions.map(|(side, it)| ConditionExplanation::of(side, it, signals));
        Self {
            position,
            description: rule.description().to_owned(),
            priority: rule.priority,
            scope: rule.scope,
            action,
            is_monitoring: rule.carried_out().is_none(),
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
