//! Rules that change nothing, whatever a request is like.

use crate::acl::{Acl, Conditions, Endpoint, Rule, conditions::Condition};

const ENDPOINTS: [Endpoint; 3] = [
    Endpoint::Registration,
    Endpoint::Authentication,
    Endpoint::Management,
];

impl Acl {
    /// Active rules that are never reached, each with the position of an earlier rule that decides about all
    /// of its requests.
    pub(crate) fn unreachable(&self) -> Vec<(usize, usize)> {
        let rules: Vec<(usize, &Rule)> = self.in_order_with_place().collect();
        let earlier = |place: usize, rule: &Rule| {
            let before = rules.iter().take(place);
            let shadow = before.copied().find(|(_, it)| it.hides(rule));
            shadow.map(|(at, _)| at)
        };
        let rules = rules.iter().enumerate();
        rules
            .filter_map(|(place, (at, rule))| Some((*at, earlier(place, rule)?)))
            .collect()
    }
}

impl Rule {
    /// Whether this rule, asked before `later`, decides about all requests that `later` is about.
    fn hides(&self, later: &Self) -> bool {
        let covers = |endpoint| !later.scope.covers(endpoint) || self.scope.covers(endpoint);
        self.carried_out().is_some()
            && ENDPOINTS.into_iter().all(covers)
            && (self.is_about_every_request()
                || (self.matching == later.matching && self.not_matching == later.not_matching))
    }

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
