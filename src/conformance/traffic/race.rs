//! What requests of one bucket can get that are made at the same time.

use crate::{
    conformance::traffic::model::{Bounds, Shape, Span, fault_of_numbers},
    rate_limit::RateDecision,
};

impl Bounds {
    /// Learns from decisions about requests that raced, and says what is wrong with them. Nobody knows of
    /// those that were abandoned whether they took a token.
    pub(super) fn race(
        &mut self,
        shape: Shape,
        span: Span,
        decisions: &[RateDecision],
        abandoned: u32,
    ) -> Option<String> {
        let admitted = number(decisions.iter().filter(|it| it.is_admitted()).count());
        let all = number(decisions.len());
        let tokens = self.admitted(shape, span);
        let least = tokens.start().saturating_sub(abandoned).min(all);
        let most = *tokens.end();
        let is_exact = self.is_exact(shape, span);
        self.take(shape, span, admitted..=admitted.saturating_add(abandoned));
        if !(least..=most).contains(&admitted) {
            return Some(format!(
                "each token admits one of the requests that race: of {all} requests and {abandoned} that \
                 were abandoned {admitted} were admitted, not {least} to {most}"
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

/// If no token returns meanwhile, each admitted request leaves another number of the `tokens`.
fn fault_of_repeated(decisions: &[RateDecision], tokens: u32) -> Option<String> {
    let admitted = decisions.iter().filter(|it| it.is_admitted());
    let mut remaining: Vec<_> = admitted.map(RateDecision::remaining).collect();
    remaining.sort_unstable();
    let repeated = remaining
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if a == b));
    let too_many = remaining.last().is_some_and(|it| *it >= tokens);
    (repeated || too_many).then(|| {
        format!("each of {tokens} tokens is taken once, and after it {remaining:?} remain")
    })
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
