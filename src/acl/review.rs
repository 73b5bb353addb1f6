//! Rules that change nothing, whatever a request is like.

use std::collections::HashMap;

use crate::acl::{
    Acl, AclScope, Conditions, Endpoint, Rule,
    condition::{Condition, Side},
};

impl Acl {
    /// Active rules that are never reached, each with the position of an earlier rule that decides about all
    /// of its requests.
    pub(crate) fn unreachable(&self) -> Vec<(usize, usize)> {
        // Rules that decide and are reached themselves, by their conditions. A rule that another one hides
        // hides nothing that the other one does not.
        let mut for_everyone: Vec<Deciding<'_>> = Vec::new();
        let mut for_some: HashMap<Vec<(Side, &Condition)>, Vec<Deciding<'_>>> = HashMap::new();
        let mut unreachable = Vec::new();
        for (place, (at, rule)) in self.in_order_with_place().enumerate() {
            let alike = for_some.entry(rule.sides().collect()).or_default();
            let earlier = for_everyone.iter().chain(alike.iter());
            let hiding = earlier.filter(|it| covers_all(it.rule.scope, rule.scope));
            if let Some(first) = hiding.min_by_key(|it| it.place) {
                unreachable.push((at, first.at));
            } else if rule.carried_out().is_some() {
                let deciding = Deciding { place, at, rule };
                if rule.is_about_every_request() {
                    for_everyone.push(deciding);
                } else {
                    alike.push(deciding);
                }
            }
        }
        unreachable
    }
}

/// A rule that decides, with its place in the order of asking and its position in the list.
struct Deciding<'a> {
    place: usize,
    at: usize,
    rule: &'a Rule,
}

/// Whether rules of the scope `outer` are asked about all requests that those of `inner` are asked about.
fn covers_all(outer: AclScope, inner: AclScope) -> bool {
    let covers = |endpoint| !inner.covers(endpoint) || outer.covers(endpoint);
    Endpoint::ALL.into_iter().all(covers)
}

impl Rule {
    /// Whether the rule decides about every request: it lists networks that have every address. An address is
    /// known or unknown, and a rule that needs an unknown address ends the evaluation too.
    fn is_about_every_request(&self) -> bool {
        let is_every_address = |condition: &Condition| match condition {
            Condition::Source(listed) | Condition::Connecting(listed) => listed.has_every_address(),
            _ => false,
        };
        let conditions = self.matching.as_ref().map(Conditions::iter);
        self.not_matching.is_none() && conditions.is_some_and(|mut it| it.all(is_every_address))
    }
}
