//! Finds rules that have no effect on any request.

use std::collections::HashMap;

use crate::acl::{
    Acl, AclScope, Conditions, Endpoint, Rule,
    condition::{Condition, Side},
};

impl Acl {
    /// The positions of active rules that are never reached, each with the position of an earlier rule that
    /// decides about all the same requests.
    pub(crate) fn unreachable(&self) -> Vec<(usize, usize)> {
        // The deciding rules that are reached, by their conditions. An unreachable rule need not be kept: the
        // rule that hides it also hides every later rule that it would hide.
        let mut for_all_requests: Vec<DecidingRule<'_>> = Vec::new();
        let mut by_conditions: HashMap<Vec<(Side, &Condition)>, Vec<DecidingRule<'_>>> =
            HashMap::new();
        let mut unreachable = Vec::new();
        for (order, (position, rule)) in self.in_order_with_position().enumerate() {
            let same_conditions = by_conditions.entry(rule.sides().collect()).or_default();
            let earlier = for_all_requests.iter().chain(same_conditions.iter());
            let hiding = earlier.filter(|earlier| covers_all(earlier.rule.scope, rule.scope));
            if let Some(first) = hiding.min_by_key(|earlier| earlier.order) {
                unreachable.push((position, first.position));
            } else if rule.enforced_action().is_some() {
                let deciding = DecidingRule {
                    order,
                    position,
                    rule,
                };
                if rule.applies_to_every_request() {
                    for_all_requests.push(deciding);
                } else {
                    same_conditions.push(deciding);
                }
            }
        }
        unreachable
    }
}

/// A rule that decides, with its place in the order of evaluation and its position in the list.
struct DecidingRule<'a> {
    order: usize,
    position: usize,
    rule: &'a Rule,
}

/// Whether the scope `outer` covers every endpoint that the scope `inner` covers.
fn covers_all(outer: AclScope, inner: AclScope) -> bool {
    let covers = |endpoint| !inner.covers(endpoint) || outer.covers(endpoint);
    Endpoint::ALL.into_iter().all(covers)
}

impl Rule {
    /// Whether the rule decides about every request: it lists networks that contain every address. An address
    /// is never absent, and a rule that needs an unknown address ends the evaluation too.
    fn applies_to_every_request(&self) -> bool {
        let is_every_address = |condition: &Condition| match condition {
            Condition::Source(listed) | Condition::Connecting(listed) => listed.has_every_address(),
            _ => false,
        };
        let conditions = self.matching.as_ref().map(Conditions::iter);
        self.not_matching.is_none()
            && conditions.is_some_and(|mut conditions| conditions.all(is_every_address))
    }
}
