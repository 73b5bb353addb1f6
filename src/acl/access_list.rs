use std::sync::Arc;

use crate::{
    acl::{
        AclError, AclFault, AclReport, Decision, Endpoint, Monitored, Rule, Signal, Signals,
        Verdict, counts::Counts, truth::Truth,
    },
    types::Timestamp,
};

/// A checked access control list, which can evaluate many requests at the same time.
///
/// Rules are evaluated by ascending priority. Rules with equal priority are evaluated in the order of the
/// list. The first rule that matches the request decides. If no rule matches, the request is allowed. A
/// monitoring rule is counted and reported, and the evaluation continues with the next rule.
///
/// Evaluation uses three-valued logic, because a signal can be unknown. If a known signal already excludes a
/// rule, the rule does not match. If a rule could match but needs an unknown signal, the request is refused,
/// whatever the rule's action. A monitoring rule only reports that it could not be evaluated.
///
/// Clones share the rules and their counters. A list never changes: to change the rules, make a new list.
#[derive(Clone, Debug, Default)]
pub struct Acl(Arc<Compiled>);

#[derive(Debug, Default)]
struct Compiled {
    /// The rules as they were written, in the order of the list.
    rules: Vec<Rule>,
    /// The positions of the active rules in `rules`, in the order of evaluation.
    order: Vec<usize>,
    /// The counters of the active rules, in the order of evaluation.
    counts: Counts,
    /// The signals that active rules use, with one bit for each signal.
    signals: u16,
}

impl Acl {
    /// The list of `rules`.
    ///
    /// # Errors
    /// [`AclError`] if there are too many rules, or if a rule has no condition, an empty list of values,
    /// too many values, or a value that the JSON does not allow: a network with bits set after its prefix,
    /// an empty user agent or an invalid host name.
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Result<Self, AclError> {
        let rules: Vec<Rule> = rules.into_iter().collect();
        Self::from_results(rules.into_iter().map(Ok))
    }

    /// The list of `rules`. The number of rules is checked before the first rule is read, and the rules are
    /// checked after all of them are read.
    pub(super) fn from_results(
        rules: impl ExactSizeIterator<Item = Result<Rule, AclError>>,
    ) -> Result<Self, AclError> {
        if rules.len() > AclFault::MAX_RULES {
            return Err(AclError::new("", AclFault::TooManyRules));
        }
        let rules = rules.enumerate();
        let rules = rules
            .map(|(at, rule)| rule.map_err(|error| error.of_rule(at)))
            .collect::<Result<Vec<Rule>, AclError>>()?;
        for (at, rule) in rules.iter().enumerate() {
            rule.check().map_err(|error| error.of_rule(at))?;
        }
        let mut active: Vec<(usize, u32)> = (0..)
            .zip(&rules)
            .filter(|(_, rule)| rule.active)
            .map(|(at, rule)| (at, rule.priority))
            .collect();
        // The sort is stable, so rules with equal priority keep the order of the list.
        active.sort_by_key(|&(_, priority)| priority);
        let order: Vec<usize> = active.into_iter().map(|(at, _)| at).collect();
        let counts = Counts::new(order.len());
        let conditions = rules
            .iter()
            .filter(|rule| rule.active)
            .flat_map(Rule::sides);
        let signals = conditions.fold(0, |all, (_, condition)| all | bit(condition.signal()));
        Ok(Self(Arc::new(Compiled {
            rules,
            order,
            counts,
            signals,
        })))
    }

    /// The rules, in the order of the list.
    pub fn rules(&self) -> &[Rule] {
        &self.0.rules
    }

    /// The active rules, in the order of evaluation.
    pub(super) fn in_order(&self) -> impl Iterator<Item = &Rule> {
        self.in_order_with_position().map(|(_, rule)| rule)
    }

    /// The active rules with their positions in the list, in the order of evaluation.
    pub(super) fn in_order_with_position(&self) -> impl Iterator<Item = (usize, &Rule)> {
        let rule = |&at: &usize| Some((at, self.0.rules.get(at)?));
        self.0.order.iter().filter_map(rule)
    }

    /// Each signal that an active rule for `endpoint` uses: the position of the rule in the list, the
    /// member of the rule (`match` or `not_match`) and the signal.
    pub(crate) fn needs(
        &self,
        endpoint: Endpoint,
    ) -> impl Iterator<Item = (usize, &'static str, Signal)> {
        let rules = self.rules().iter().enumerate();
        let covering = rules.filter(move |(_, rule)| rule.active && rule.scope.covers(endpoint));
        covering.flat_map(|(at, rule)| {
            let sides = rule.sides();
            sides.map(move |(side, condition)| (at, side.as_str(), condition.signal()))
        })
    }

    /// Whether an active rule uses `signal`. If not, the host need not determine it.
    pub fn looks_at(&self, signal: Signal) -> bool {
        self.0.signals & bit(signal) != 0
    }

    /// Evaluates a request to `endpoint` with these signals, and counts it as a request at the time `now`.
    pub fn evaluate(
        &self,
        endpoint: Endpoint,
        signals: &Signals<'_>,
        now: Timestamp,
    ) -> Verdict<'_> {
        let counts = &self.0.counts;
        counts.request(endpoint, now);
        let mut verdict = Verdict {
            decision: Decision::Allow,
            decided_by: None,
            monitored: Vec::new(),
        };
        for (at, rule) in self.in_order().enumerate() {
            if !rule.scope.covers(endpoint) {
                continue;
            }
            let unknown = match rule.applies_to(signals) {
                Truth::No => continue,
                Truth::Yes => None,
                Truth::Unknown(unknown) => Some(unknown),
            };
            if let Some(action) = rule.enforced_action() {
                counts.decided(at, endpoint, unknown);
                verdict.decision = unknown.map_or(Decision::of(action), Decision::Unanswered);
                verdict.decided_by = Some(rule);
                break;
            }
            counts.monitored(at, endpoint, unknown);
            verdict.monitored.push(Monitored { rule, unknown });
        }
        verdict
    }

    /// Counts how often each rule was evaluated and matched since the first request.
    pub fn report(&self) -> AclReport {
        self.0.counts.report(self.in_order())
    }
}

const fn bit(signal: Signal) -> u16 {
    1 << signal as u16
}

/// Two lists are equal if their rules are equal. The counters do not matter.
impl PartialEq for Acl {
    fn eq(&self, other: &Self) -> bool {
        self.rules() == other.rules()
    }
}

impl Eq for Acl {}
