use std::sync::Arc;

use crate::{
    acl::{
        AclError, AclFault, AclReport, Decision, Endpoint, Monitored, Rule, Signal, Signals,
        Verdict, counts::Counts, truth::Truth,
    },
    types::Timestamp,
};

/// An access control list, checked and made ready to be asked by many requests at once.
///
/// Rules are asked by ascending priority, ties in the order of the list; the first that a request
/// meets decides, and where none does, the request goes on. A rule that is monitoring is counted
/// and reported, and the next one is asked.
///
/// A rule that needs an unknown signal refuses the request: evaluation has three values. A rule that a
/// known signal already excludes does not match; a rule that could match ends the evaluation, whatever
/// its action. A monitoring rule only reports that it could not be evaluated.
///
/// Clones share the rules and their counters. To change a list, make a new one: a verdict belongs
/// to one list, whole.
#[derive(Clone, Debug, Default)]
pub struct Acl(Arc<Compiled>);

#[derive(Debug, Default)]
struct Compiled {
    /// As they were written, in the order of the list.
    rules: Vec<Rule>,
    /// The active ones' places in `rules`, in the order in which they are asked.
    order: Vec<usize>,
    /// In the same order.
    counts: Counts,
    /// What the active ones look at: a bit for each signal.
    signals: u16,
}

impl Acl {
    /// The list of `rules`.
    ///
    /// # Errors
    /// [`AclError`] if there are too many, or one of them looks at no signal, at an empty list of
    /// values, at too many, or at one that the JSON could not have: a network with bits set after
    /// its prefix, an empty user agent, a host name that is none.
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Result<Self, AclError> {
        let rules: Vec<Rule> = rules.into_iter().collect();
        Self::of_each(rules.into_iter().map(Ok))
    }

    /// The list of these rules. Their number is checked before the first of them is read, and they are
    /// checked when all of them are read.
    pub(super) fn of_each(
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
        // A stable sort: ties keep the order of the list.
        active.sort_by_key(|&(_, priority)| priority);
        let order: Vec<usize> = active.into_iter().map(|(at, _)| at).collect();
        let counts = Counts::new(order.len());
        let conditions = rules
            .iter()
            .filter(|rule| rule.active)
            .flat_map(Rule::sides);
        let signals = conditions.fold(0, |all, (_, it)| all | bit(it.signal()));
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

    /// The active rules, in the order in which they are asked.
    pub(super) fn in_order(&self) -> impl Iterator<Item = &Rule> {
        self.in_order_with_place().map(|(_, rule)| rule)
    }

    /// The same, each with its position in the list.
    pub(super) fn in_order_with_place(&self) -> impl Iterator<Item = (usize, &Rule)> {
        let rule = |&at: &usize| Some((at, self.0.rules.get(at)?));
        self.0.order.iter().filter_map(rule)
    }

    /// Each signal that an active rule covering `endpoint` looks at: the position of the rule in the
    /// list, the member of the rule (`match` or `not_match`), the signal.
    pub(crate) fn needs(
        &self,
        endpoint: Endpoint,
    ) -> impl Iterator<Item = (usize, &'static str, Signal)> {
        let rules = self.rules().iter().enumerate();
        let covering = rules.filter(move |(_, it)| it.active && it.scope.covers(endpoint));
        covering.flat_map(|(at, rule)| {
            let sides = rule.sides();
            sides.map(move |(side, condition)| (at, side.as_str(), condition.signal()))
        })
    }

    /// Whether an active rule looks at `signal`, so that it is worth finding out.
    pub fn looks_at(&self, signal: Signal) -> bool {
        self.0.signals & bit(signal) != 0
    }

    /// What becomes of a request to `endpoint` with these signals, and why. It is counted as a
    /// request of `now`.
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
            let unknown = match rule.is_about(signals) {
                Truth::No => continue,
                Truth::Yes => None,
                Truth::Unknown(unknown) => Some(unknown),
            };
            if let Some(action) = rule.carried_out() {
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

    /// How often each rule was asked and matched since the list was first used.
    pub fn report(&self) -> AclReport {
        self.0.counts.report(self.in_order())
    }
}

const fn bit(signal: Signal) -> u16 {
    1 << signal as u16
}

/// Two lists are equal if their rules are; what they have counted does not matter.
impl PartialEq for Acl {
    fn eq(&self, other: &Self) -> bool {
        self.rules() == other.rules()
    }
}

impl Eq for Acl {}
