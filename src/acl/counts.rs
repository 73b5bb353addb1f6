//! Counters of how often rules were evaluated and matched. They need no lock.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use crate::{
    acl::{Endpoint, Rule, UnknownSignal},
    types::Timestamp,
};

/// One counter for each endpoint.
#[derive(Debug, Default)]
struct PerEndpoint([AtomicU64; 3]);

impl PerEndpoint {
    fn slot(&self, endpoint: Endpoint) -> &AtomicU64 {
        let Self([registration, authentication, management]) = self;
        match endpoint {
            Endpoint::Registration => registration,
            Endpoint::Authentication => authentication,
            Endpoint::Management => management,
        }
    }

    fn add(&self, endpoint: Endpoint) {
        self.slot(endpoint).fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self, endpoint: Endpoint) -> u64 {
        self.slot(endpoint).load(Ordering::Relaxed)
    }
}

/// The counters of a list of rules.
///
/// Most requests match no rule, and cost only one addition. The number of evaluations of a rule is the
/// number of requests without those that an earlier rule decided.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// The time of the first request in milliseconds since the Unix epoch, or 0 before the first request.
    since: AtomicU64,
    requests: PerEndpoint,
    rules: Box<[RuleCounts]>,
}

/// The results of a rule for each endpoint. A deciding rule ends the evaluation if it matched, and also if
/// it could not be evaluated.
#[derive(Debug, Default)]
struct RuleCounts {
    decided: PerEndpoint,
    decided_unknown: PerEndpoint,
    monitored: PerEndpoint,
    monitored_unknown: PerEndpoint,
}

impl Counts {
    pub(super) fn new(rules: usize) -> Self {
        let rules = std::iter::repeat_with(RuleCounts::default)
            .take(rules)
            .collect();
        Self {
            rules,
            ..Self::default()
        }
    }

    pub(super) fn request(&self, endpoint: Endpoint, now: Timestamp) {
        if self.since.load(Ordering::Relaxed) == 0 {
            // If another request wins the race, it came at the same time.
            let first = now.unix_millis();
            let _ = self
                .since
                .compare_exchange(0, first, Ordering::Relaxed, Ordering::Relaxed);
        }
        self.requests.add(endpoint);
    }

    pub(super) fn decided(&self, rule: usize, endpoint: Endpoint, unknown: Option<UnknownSignal>) {
        if let Some(counts) = self.rules.get(rule) {
            match unknown {
                None => counts.decided.add(endpoint),
                Some(_) => counts.decided_unknown.add(endpoint),
            }
        }
    }

    pub(super) fn monitored(
        &self,
        rule: usize,
        endpoint: Endpoint,
        unknown: Option<UnknownSignal>,
    ) {
        if let Some(counts) = self.rules.get(rule) {
            match unknown {
                None => counts.monitored.add(endpoint),
                Some(_) => counts.monitored_unknown.add(endpoint),
            }
        }
    }

    /// The report on `rules`, which are in the order of evaluation.
    pub(super) fn report<'a>(&self, rules: impl Iterator<Item = &'a Rule>) -> AclReport {
        // The requests of each endpoint that reach the next rule.
        let mut left = Endpoint::ALL.map(|endpoint| self.requests.get(endpoint));
        let rules = rules.zip(&self.rules).map(|(rule, counts)| {
            let mut report = RuleReport {
                id: rule.id().map(ToOwned::to_owned),
                description: rule.description().to_owned(),
                priority: rule.priority,
                evaluated: 0,
                matched: 0,
                unanswered: 0,
            };
            for (endpoint, left) in Endpoint::ALL.into_iter().zip(&mut left) {
                if rule.scope.covers(endpoint) {
                    let decided = counts.decided.get(endpoint);
                    let decided_unknown = counts.decided_unknown.get(endpoint);
                    let monitored = counts.monitored.get(endpoint);
                    let monitored_unknown = counts.monitored_unknown.get(endpoint);
                    add(&mut report.evaluated, [*left]);
                    add(&mut report.matched, [decided, monitored]);
                    add(&mut report.unanswered, [decided_unknown, monitored_unknown]);
                    // The counters change while they are read, so the difference must saturate.
                    *left = left.saturating_sub(decided).saturating_sub(decided_unknown);
                }
            }
            report
        });
        let since = self.since.load(Ordering::Relaxed);
        AclReport {
            r#type: "acls_summary",
            start_time: (since > 0).then(|| Timestamp::from_unix_millis(since)),
            acls: rules.collect(),
        }
    }
}

fn add<const N: usize>(total: &mut u64, counts: [u64; N]) {
    *total = counts.into_iter().fold(*total, u64::saturating_add);
}

/// How often each rule was evaluated and matched since the first request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AclReport {
    /// Always `acls_summary`.
    pub r#type: &'static str,
    /// The time of the first request in milliseconds since the Unix epoch, or `None` before the first
    /// request.
    pub start_time: Option<Timestamp>,
    /// The active rules, in the order of evaluation.
    pub acls: Vec<RuleReport>,
}

/// How often one rule was evaluated and matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RuleReport {
    /// The id of the rule, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The description of the rule.
    pub description: String,
    /// The priority of the rule.
    pub priority: u32,
    /// How often the rule was evaluated.
    pub evaluated: u64,
    /// How often the rule matched. Monitoring rules are counted too.
    pub matched: u64,
    /// How often the rule could not be evaluated, because it needed an unknown signal. Monitoring rules are
    /// counted too.
    pub unanswered: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_saturate_at_the_largest_number() {
        let mut total = 1;
        add(&mut total, [2, 3]);
        assert_eq!(total, 6);
        add(&mut total, [u64::MAX, u64::MAX]);
        assert_eq!(total, u64::MAX);
    }
}
