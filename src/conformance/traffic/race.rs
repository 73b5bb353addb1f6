//! The decisions that simultaneous requests of one bucket can get.

use crate::{
    conformance::traffic::model::{Bounds, Shape, Span, fault_of_numbers},
    rate_limit::RateDecision,
};

impl Bounds {
    /// Updates the bounds after racing requests. Returns what is wrong with their decisions. Each abandoned request
    /// may have taken a token.
    pub(super) fn race(
        &mut self,
        shape: Shape,
        span: Span,
        decisions: &[RateDecision],
        abandoned: u32,
    ) -> Option<String> {
        let admitted = decisions.iter().filter(|decision| decision.is_admitted());
        let admitted = number(admitted.count());
        let all = number(decisions.len());
        let tokens = self.admitted(shape, span);
        let least = tokens.start().saturating_sub(abandoned).min(all);
        let most = *tokens.end();
        let is_exact = self.is_exact(shape, span);
        self.take(shape, span, admitted..=admitted.saturating_add(abandoned));
        if !(least..=most).contains(&admitted) {
            return Some(format!(
                "each token admits one of the racing requests, so {least} to {most} of {all} requests are \
                 admitted, not {admitted}; {abandoned} more requests were abandoned"
            ));
        }
        let numbers = decisions.iter().find_map(|it| fault_of_numbers(shape, it));
        let told = || {
            let refused = decisions.iter().filter(|it| !it.is_admitted());
            let mut refused = refused.take(usize::from(abandoned == 0) * decisions.len());
            let repeated = fault_of_repeated(decisions, most);
            repeated.or_else(|| refused.find_map(|it| self.fault(shape, span, it)))
        };
        numbers.or_else(|| is_exact.then(told).flatten())
    }
}

/// Returns what is wrong with the remaining tokens. If no token returns during the race, each admitted request
/// leaves a different number, and all of them are below `tokens`.
fn fault_of_repeated(decisions: &[RateDecision], tokens: u32) -> Option<String> {
    let admitted = decisions.iter().filter(|it| it.is_admitted());
    let mut remaining: Vec<_> = admitted.map(RateDecision::remaining).collect();
    remaining.sort_unstable();
    let repeated = remaining
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if a == b));
    let too_many = remaining.last().is_some_and(|it| *it >= tokens);
    (repeated || too_many).then(|| {
        format!(
            "each of {tokens} tokens is taken once, but the decisions say that {remaining:?} remain"
        )
    })
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
