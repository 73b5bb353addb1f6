use std::fmt;

use crate::acl::{Acl, Conditions, Endpoint, Rule, Signal, Signals, conditions::Found};

/// Why a request is judged as it is, rule by rule. `Display` prints it for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The position in the list of the rule that decides; `None` if none does.
    pub decided_by: Option<usize>,
    /// Every rule, in the order in which they are asked; those that are not asked come last.
    pub rules: Vec<RuleExplanation>,
}

/// How one rule stands to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleExplanation {
    /// Its position in the list, from 0.
    pub position: usize,
    /// What it is for.
    pub description: String,
    /// What it does with requests that it is about.
    pub action: String,
    /// How it was asked, or why not.
    pub standing: Standing,
    /// Each signal that it looks at, and whether what it asks of it holds.
    pub conditions: Vec<ConditionExplanation>,
}

/// Whether a rule was asked, and what it said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
}

/// Whether what a rule asks of one signal holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConditionExplanation {
    /// `match` or `not_match`.
    pub side: &'static str,
    /// The signal.
    pub signal: Signal,
    /// Whether the request has the signal at all.
    pub is_known: bool,
    /// Whether what is asked of it holds.
    pub holds: bool,
}

impl Explanation {
    pub(super) fn of(acl: &Acl, endpoint: Endpoint, signals: &Signals<'_>) -> Self {
        let mut explanation = Self {
            decided_by: None,
            rules: Vec::new(),
        };
        for rule in acl.in_order() {
            let position = position(acl, rule);
            let standing = explanation.standing_of(rule, endpoint, signals);
            if standing == Standing::Decides {
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
        } else if !rule.is_about(signals) {
            Standing::NoMatch
        } else if rule.monitoring {
            Standing::Monitors
        } else {
            Standing::Decides
        }
    }
}

/// Where `rule`, one of `acl`'s own, stands in the list.
fn position(acl: &Acl, rule: &Rule) -> usize {
    let is_it = |other: &Rule| std::ptr::eq(other, rule);
    acl.rules().iter().position(is_it).unwrap_or_default()
}

impl RuleExplanation {
    fn of(rule: &Rule, position: usize, standing: Standing, signals: &Signals<'_>) -> Self {
        let matching = sides("match", rule.matching.as_ref(), signals, |it| {
            it == Found::Listed
        });
        let not = rule.not_matching.as_ref();
        let not_matching = sides("not_match", not, signals, |it| it != Found::Listed);
        let action = rule
            .action
            .as_ref()
            .map_or_else(|| "log".to_owned(), ToString::to_string);
        Self {
            position,
            description: rule.description().to_owned(),
            action,
            standing,
            conditions: matching.chain(not_matching).collect(),
        }
    }
}

fn sides<'a>(
    side: &'static str,
    conditions: Option<&'a Conditions>,
    signals: &'a Signals<'_>,
    holds: impl Fn(Found) -> bool + 'a,
) -> impl Iterator<Item = ConditionExplanation> + 'a {
    conditions
        .into_iter()
        .flat_map(Conditions::iter)
        .map(move |condition| {
            let found = condition.look_at(signals);
            ConditionExplanation {
                side,
                signal: condition.signal(),
                is_known: found != Found::Absent,
                holds: holds(found),
            }
        })
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decisive = self
            .rules
            .iter()
            .find(|rule| rule.standing == Standing::Decides);
        match decisive {
            Some(rule) => writeln!(f, "{}, by rule {}", rule.action, rule.name())?,
            None => writeln!(f, "allow: no rule decides")?,
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
        };
        writeln!(f, "  rule {} [{}]: {standing}", self.name(), self.action)?;
        self.conditions
            .iter()
            .try_for_each(|condition| write!(f, "{condition}"))
    }
}

impl fmt::Display for ConditionExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let holds = if self.holds { "holds" } else { "does not hold" };
        let known = if self.is_known {
            ""
        } else {
            ", not known of this request"
        };
        writeln!(
            f,
            "    {} {}: {holds}{known}",
            self.side,
            self.signal.as_str()
        )
    }
}
